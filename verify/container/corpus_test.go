package container

import (
	"bufio"
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// sharedData finds the sibling folder shared/data above this package. The files
// are other projects'; they are never copied into this repository.
func sharedData(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		data := filepath.Join(filepath.Dir(dir), "shared", "data", name)
		if fi, err := os.Stat(data); err == nil && fi.IsDir() {
			return data
		}
		if dir == filepath.Dir(dir) {
			t.Skipf("SKIP: no folder shared/data/%s beside the project", name)
		}
		dir = filepath.Dir(dir)
	}
}

// adversarial has the verdict on each file of 12-adversarial that may be taken
// for an archive; "*" in a folder stands for what is none.
var adversarial = map[string]string{
	"digidoc4j/digidoc4j/src/test/resources/testFiles/invalid-containers/zip-bomb-package-zip.asics": "ok", // the bomb is in the ZIP in the ZIP; see TestNestedBomb

	"golang/zip/comment-truncated.zip":                                   CodeTruncated,
	"golang/zip/crc32-not-streamed.zip":                                  "ok", // damaged in TestCorruptCRC
	"golang/zip/dupdir.zip":                                              CodeDuplicate,
	"golang/zip/symlink.zip":                                             CodeLink,
	"golang/zip/test-badbase.zip":                                        CodeTrailingData,
	"golang/zip/test-prefix.zip":                                         CodeNotZip, // garbage before and behind
	"golang/zip/test-trailing-junk.zip":                                  CodeTrailingData,
	"golang/zip/utf8-7zip.zip":                                           "ok",
	"golang/zip/utf8-osx.zip":                                            CodeNameEncoding,
	"golang/zip/zip64.zip":                                               "ok",
	"golang/tar/*":                                                       CodeNotZip,
	"libarchive/test_compat_tar_hardlink_1.tar":                          CodeNotZip,
	"libarchive/test_compat_zstd_1.tar.zst":                              CodeNotZip,
	"libarchive/test_read_data_into_fd_size_exceeds_declared_stored.zip": CodeSizeMismatch,
	"libarchive/test_read_format_tar_V_negative_size.tar":                CodeNotZip,
	"libarchive/test_read_format_tar_empty_filename.tar":                 CodeNotZip,
	"libarchive/test_read_format_tar_invalid_pax_size.tar":               CodeNotZip,
	"libarchive/test_read_format_zip_7075_utf8_paths.zip":                CodeNameEncoding,
	"libarchive/test_read_format_zip_encryption_data.zip":                CodeEncrypted,

	"safearchive/tar/*":                    CodeNotZip,
	"safearchive/zip/case-insensitive.zip": CodeLink,
	"safearchive/zip/symlinks.zip":         CodeLink,
	"safearchive/zip/symlinks2.zip":        CodeLink,
	"safearchive/zip/winshort.zip":         CodeNameReserved,

	"zip-slip-vulnerability/archives/zip-slip-win.tar": CodeNotZip,
	"zip-slip-vulnerability/archives/zip-slip.zip":     CodeNameTraversal,

	// Does not apply: documents and texts for other parsers. They are here to be
	// refused as what they are not.
	"*":                                      CodeNotZip, // MANIFEST.tsv
	"JSONTestSuite/*":                        CodeNotZip,
	"JSONTestSuite/n_structure_no_data.json": CodeEmpty,
	"big-list-of-naughty-strings/*":          CodeNotZip,
	"defusedxml/*":                           CodeNotZip,
	"dss/dss-xml-utils/*":                    CodeNotZip,
	"libdigidocpp/*":                         CodeNotZip, // the awkward name itself: TestCheckName
	"libxml2/errors/*":                       CodeNotZip,
	"libxml2/recurse/*":                      CodeNotZip,
	"safedocs/Dialects/*":                    CodeNotZip,
	"safedocs/Miscellaneous Targeted Test PDFs/*": CodeNotZip,
}

func TestAdversarial(t *testing.T) {
	root := sharedData(t, "12-adversarial")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		key := filepath.ToSlash(name)
		want, ok := adversarial[key]
		if !ok {
			key = path.Join(path.Dir(key), "*")
			want, ok = adversarial[key]
		}
		seen[key] = true
		if !ok {
			t.Errorf("%s: no verdict in the table", name)
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if got := verdict(b, Limits{}); got != want {
			_, err := NewZip(bytes.NewReader(b), int64(len(b)), Limits{})
			t.Errorf("%s: got %s (%v), want %s", name, got, err, want)
		}
		c, err := Open(p, Limits{})
		got := codeOf(err)
		if err == nil {
			got = readAll(c)
			c.Close()
		}
		if got != want {
			t.Errorf("%s: by path: got %s, want %s", name, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range adversarial {
		if !seen[key] {
			t.Errorf("%s: in the table, not in the folder", key)
		}
	}
}

// archive/zip's own test damages the CRC in both headers, so that they agree.
func TestCorruptCRC(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(sharedData(t, "12-adversarial"), "golang/zip/crc32-not-streamed.zip"))
	if err != nil {
		t.Fatal(err)
	}
	b[0x11]++
	if got := verdict(b, Limits{}); got != CodeCRC {
		t.Errorf("one header: got %s, want %s", got, CodeCRC)
	}
	b[0x9d]++
	if got := verdict(b, Limits{}); got != CodeCRC {
		t.Errorf("both headers: got %s, want %s", got, CodeCRC)
	}
}

// The bomb in digidoc4j's container is 42.zip: 4 GiB under six layers of ZIPs in
// ZIPs, of which each alone is harmless. We open none; whoever does, one by one,
// is stopped at the last: 4,294,967,295 bytes is what only zip64 can say.
func TestNestedBomb(t *testing.T) {
	root := sharedData(t, "12-adversarial")
	c := openOK(t, filepath.Join(root, "digidoc4j/digidoc4j/src/test/resources/testFiles/invalid-containers/zip-bomb-package-zip.asics"))
	layer := content(t, c, "package.zip")
	for range 10 {
		c, err := NewZip(strings.NewReader(layer), int64(len(layer)), Limits{})
		if err != nil {
			wantCode(t, err, CodeHeader)
			return
		}
		layer = content(t, c, c.Entries()[0].Name)
	}
	t.Error("the bomb was not found")
}

func TestNaughtyStrings(t *testing.T) {
	f, err := os.Open(filepath.Join(sharedData(t, "12-adversarial"), "big-list-of-naughty-strings", "blns.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		for _, s := range []string{sc.Text(), sc.Text() + ".pdf"} {
			if got := SafeName(s); CheckName(got, Limits{}) != nil {
				t.Errorf("SafeName(%q) = %q, which CheckName refuses", s, got)
			}
		}
	}
}

// pathCases are the names by which BagIt and OCFL files try to leave their
// folder, with the files they stand in. (A bag's own digests are not our matter.)
var pathCases = []struct{ file, name, want string }{
	{"bagit-conformance-suite/v0.97/invalid/out-of-scope-file-paths-using-dot-notation/manifest-md5.txt", `../../../README.md`, CodeNameTraversal},
	{"bagit-conformance-suite/v0.97/invalid/out-of-scope-file-paths-using-dot-notation/manifest-md5.txt", `\.\./\.\./\.\./README.md`, CodeNameAbsolute},
	{"bagit-conformance-suite/v0.97/linux-only/out-of-scope-file-paths-using-absolute-path/manifest-md5.txt", `/tmp/foo`, CodeNameAbsolute},
	{"bagit-conformance-suite/v0.97/linux-only/out-of-scope-file-paths-using-shortcut/manifest-md5.txt", `~/foo`, CodeNameAbsolute},
	{"bagit-conformance-suite/v0.97/windows-only/out-of-scope-file-paths-using-absolute-path/manifest-md5.txt", `C:\Windows\System32\setx.exe`, CodeNameAbsolute},
	{"bagit-conformance-suite/v0.97/windows-only/out-of-scope-file-paths-using-shortcut/manifest-md5.txt", `%HomeDrive%\Windows\System32\setx.exe`, CodeNameReserved},
	{"bagit-conformance-suite/v0.97/warning/relative-path/manifest-sha512.txt", `./data/hello.txt`, CodeNameTraversal},
	{"bagit-conformance-suite/v0.97/valid/bag-with-leading-dot-slash-in-manifest/manifest-md5.txt", `./data/`, CodeNameTraversal},
	{"bagit-conformance-suite/v0.96/valid/bag-with-encoded-names/manifest-md5.txt", `data/%7Edir2/dir3/test5.txt`, ""},
	{"bagit-conformance-suite/v0.96/valid/bag-with-encoded-names/manifest-md5.txt", `data/dir1/~test3.txt`, ""},
	{"bagit-conformance-suite/v0.96/valid/bag-with-encoded-names/manifest-md5.txt", `data/%test2.txt`, ""},
	{"bagit-conformance-suite/v0.97/valid/bag-with-space/manifest-md5.txt", `data/test 1.txt`, ""},
	{"fixtures/1.1/bad-objects/E053_E052_invalid_logical_paths/inventory.json", `/file-1.txt`, CodeNameAbsolute},
	{"fixtures/1.1/bad-objects/E053_E052_invalid_logical_paths/inventory.json", `../../file-2.txt`, CodeNameTraversal},
	{"fixtures/1.1/bad-objects/E053_E052_invalid_logical_paths/inventory.json", `//file-3.txt`, CodeNameAbsolute},
	{"fixtures/1.1/bad-objects/E100_E099_manifest_invalid_content_paths/inventory.json", `/v1/content/file-3.txt`, CodeNameAbsolute},
	{"fixtures/1.1/bad-objects/E100_E099_manifest_invalid_content_paths/inventory.json", `v1/content/../content/file-1.txt`, CodeNameTraversal},
	{"fixtures/1.1/bad-objects/E100_E099_manifest_invalid_content_paths/inventory.json", `v1/content//file-2.txt`, CodeNameTraversal},
	{"fixtures/1.1/bad-objects/E100_E099_fixity_invalid_content_paths/inventory.json", `v1/content/../content/file-1.txt`, CodeNameTraversal},
	{"fixtures/1.1/bad-objects/E100_E099_fixity_invalid_content_paths/inventory.json", `v1/content//file-2.txt`, CodeNameTraversal},
	{"fixtures/1.1/bad-objects/E100_E099_fixity_invalid_content_paths/inventory.json", `/v1/content/file-3.txt`, CodeNameAbsolute},
}

func TestPathCases(t *testing.T) {
	root := sharedData(t, "08-bagit-ocfl")
	for _, tt := range pathCases {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(tt.file)))
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Contains(b, []byte(tt.name)) {
			t.Errorf("%s does not have %q", tt.file, tt.name)
		}
		if got := codeOf(CheckName(tt.name, Limits{})); got != tt.want {
			t.Errorf("CheckName(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
	// OCFL's E095: one logical path twice, or a file that is another's folder.
	for _, names := range [][]string{{"file-1.txt", "file-1.txt"}, {"sub-path", "sub-path/a_file.txt"}} {
		tr := newTree(Limits{}.withDefaults())
		if err := tr.addFile(names[0]); err != nil {
			t.Fatal(err)
		}
		wantCode(t, tr.addFile(names[1]), CodeDuplicate)
	}
}

// As folders, all these bags and objects have names we accept: their faults are
// in their manifests. The exceptions are given.
func TestBagsAsFolders(t *testing.T) {
	root := sharedData(t, "08-bagit-ocfl")
	exceptions := map[string]string{}
	groups := []string{"bagit-conformance-suite/*/*/*", "fixtures/1.1/*/*"}
	for _, g := range groups {
		dirs, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(g)))
		if err != nil || len(dirs) == 0 {
			t.Fatalf("%s: %v", g, err)
		}
		for _, dir := range dirs {
			want := exceptions[filepath.Base(dir)]
			if want == "" {
				want = "ok"
			}
			c, err := Open(dir, Limits{})
			got := codeOf(err)
			if err == nil {
				got = readAll(c)
				c.Close()
			}
			if got != want {
				t.Errorf("%s: got %s (%v), want %s", dir, got, err, want)
			}
		}
	}
}
