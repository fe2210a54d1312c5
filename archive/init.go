package archive

import (
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/tiles"
	"kartoteka/docs"
	"kartoteka/seal"
	"kartoteka/verify"
)

//go:embed README.archive.txt
var readme []byte

// InitOptions say what an archive is made of.
type InitOptions struct {
	Origin     string           // name of the log, unique in the world: kartoteka.hospital.example/2026
	Controller seal.Controller  // the hospital
	TimeZone   string           // IANA name; default Europe/Warsaw
	Recipients []seal.Recipient // custodians, and evidence officers if there are any
	Officers   []verify.Officer // who may decide, two at a time
	Private    string           // default DIR/private
	Now        func() time.Time // default time.Now
}

// Init makes an archive in a folder that is new or empty. The first checkpoint is its commit: a folder without one is
// no archive yet and may be removed.
func Init(dir string, o InitOptions) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Private == "" {
		o.Private = filepath.Join(dir, privateDir)
	}
	if o.TimeZone == "" {
		o.TimeZone = "Europe/Warsaw"
	}
	if err := o.check(); err != nil {
		return err
	}
	if err := emptyDir(dir); err != nil {
		return err
	}
	m := &maker{o: o, fs: durable.OS(dir)}
	if err := m.layout(dir); err != nil {
		return err
	}
	if err := m.keys(); err != nil {
		return err
	}
	for _, d := range []string{dir, o.Private} { // their own names, which no write below them makes durable
		if err := durable.OS(filepath.Dir(filepath.Clean(d))).SyncDir("."); err != nil {
			return err
		}
	}
	return m.commit()
}

func (o InitOptions) check() error {
	if o.Origin == "" || len(o.Origin) > 200 || strings.ContainsAny(o.Origin, " +\n\t") {
		return errors.New("origin is empty, longer than 200 bytes, or has a space or a plus sign")
	}
	if o.Controller.Name == "" || len(o.Controller.Country) != 2 {
		return errors.New("controller needs a name and a two-letter country")
	}
	if _, err := time.LoadLocation(o.TimeZone); err != nil {
		return fmt.Errorf("time zone: %w", err)
	}
	return nil
}

func emptyDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.MkdirAll(dir, dirPerm)
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty; an archive is made in a folder of its own", dir)
	}
	return nil
}

// maker holds what Init carries from step to step.
type maker struct {
	o          InitOptions
	fs         durable.FS
	signer     note.Signer
	policy     verify.Policy
	recipients seal.Recipients
	sealed     SealedPrivate
}

func (m *maker) layout(dir string) error {
	for _, d := range []string{policyDir, sealedDir, accessionsDir, keyfilesDir, keyfilesDir2, logDir, quarantineDir} {
		if err := durable.MkdirAll(m.fs, d, dirPerm); err != nil {
			return err
		}
	}
	for _, d := range []string{incomingName, rejectedName, receiptsName} {
		if err := durable.MkdirAll(m.fs, path.Join(spoolDir, d), spoolPerm); err != nil {
			return err
		}
		if err := os.Chmod(filepath.Join(dir, spoolDir, d), spoolPerm); err != nil { // whatever the umask says
			return err
		}
	}
	if err := os.MkdirAll(m.o.Private, secretDir); err != nil {
		return err
	}
	return os.Chmod(m.o.Private, secretDir)
}

// keys makes the log key, its successor and the index identity. The successor's private half leaves this machine at
// once: it exists only sealed to the custodians.
func (m *maker) keys() error {
	skey, vkey, err := note.GenerateKey(rand.Reader, m.o.Origin)
	if err != nil {
		return err
	}
	if m.signer, err = note.NewSigner(skey); err != nil {
		return err
	}
	nextKey, nextV, err := note.GenerateKey(rand.Reader, m.o.Origin)
	if err != nil {
		return err
	}
	index, err := age.GenerateHybridIdentity()
	if err != nil {
		return err
	}
	m.policy = verify.Policy{Origin: m.o.Origin, LogKeys: []verify.LogKey{{Key: vkey}}, Successor: verify.Digest([]byte(nextV)),
		Producers: []verify.Producer{}, Officers: m.o.Officers, TSAs: []verify.Anchor{}, Witnesses: []verify.LogKey{}}
	m.recipients = seal.Recipients{Recipients: append(m.o.Recipients,
		seal.Recipient{Name: "index", Role: seal.RecipientIndex, Age: index.Recipient().String()})}
	m.sealed = SealedPrivate{Origin: m.o.Origin, Log: skey, Index: index.String(), Successor: nextKey}

	private := durable.OS(m.o.Private)
	if err := durable.WriteFile(private, logKeyName, []byte(skey+"\n"), secretPerm); err != nil {
		return err
	}
	return durable.WriteFile(private, indexKeyName, []byte(index.String()+"\n"), secretPerm)
}

// commit writes the files that the first event names, then the event, then the checkpoint.
func (m *maker) commit() error {
	policy, err := m.policy.Marshal()
	if err != nil {
		return err
	}
	recipients, err := m.recipients.Marshal()
	if err != nil {
		return err
	}
	if _, err := seal.ParseRecipients(recipients); err != nil {
		return err
	}
	spec, err := seal.Marshal(Spec{Schema: seal.SpecArchive, Origin: m.o.Origin, Created: seal.At(m.o.Now()), Controller: m.o.Controller, TimeZone: m.o.TimeZone})
	if err != nil {
		return err
	}
	files := map[string][]byte{
		policyName(verify.Digest(policy)): policy, recipientsName(verify.Digest(recipients)): recipients,
		readmeName: readme, recoverName: docs.Recover, specName: append(spec, '\n'),
	}
	sealed, err := m.sealed.seal(m.recipients)
	if err != nil {
		return err
	}
	for name, data := range sealed {
		files[path.Join(sealedDir, name)] = data
	}
	var named []seal.NamedDigest
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := durable.WriteFile(m.fs, name, files[name], filePerm); err != nil {
			return err
		}
		named = append(named, seal.NamedDigest{Name: name, SHA256: verify.Digest(files[name])})
	}
	return m.firstEvents(verify.Digest(policy), verify.Digest(recipients), named)
}

// firstEvents names every file that was made: whoever changes or removes one later is found out.
func (m *maker) firstEvents(policy, recipients seal.Digest, files []seal.NamedDigest) error {
	log, err := tiles.Open(m.fs, logDir, 0)
	if err != nil {
		return err
	}
	id, now := seal.NextAccession(seal.AccessionID{}, m.o.Now()), seal.At(m.o.Now())
	leaves, err := marshalEvents([]seal.Event{
		{Kind: seal.KindTrust, Accession: id, Time: now, Trust: &seal.TrustEvent{Change: "init", After: policy, Files: files}},
		{Kind: seal.KindAccession, Accession: id, Time: now, Accessioned: &seal.AccessionEvent{Events: 1, Segments: []seal.Segment{}, Keyfiles: []seal.KeyfileSum{}, Policy: policy, To: recipients}},
	})
	if err != nil {
		return err
	}
	tree, err := log.Append(leaves)
	if err != nil {
		return err
	}
	signed, err := seal.Checkpoint{Origin: m.o.Origin, Size: tree.Size, Root: seal.Digest(tree.Root)}.Sign(m.signer)
	if err != nil {
		return err
	}
	return durable.WriteFile(m.fs, checkpointName, signed, filePerm)
}

func marshalEvents(events []seal.Event) (leaves [][]byte, err error) {
	for _, e := range events {
		leaf, err := e.Marshal()
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}
