// node age.mjs ARCHIVE ACCESSION CLASS IDENTITY OUT: opens every record of a keyfile as docs/format/keyfile.md and
// record.md say, with the TypeScript implementation of age, and writes OUT/NUMBER. Nothing of kartoteka is used.
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";

globalThis.crypto ??= (await import("node:crypto")).webcrypto; // Node 18
const { Decrypter } = await import("age-encryption");

const [archive, accession, kind, identity, out] = process.argv.slice(2);
const [spec, head, ...lines] = readFileSync(join(archive, "keyfiles", accession, `${kind}.keys`), "utf8").trimEnd().split("\n");
if (spec !== "kartoteka/keyfile/1") throw Error(`not a keyfile of version 1: ${spec}`);
const { secrets, records } = JSON.parse(head);
if (lines.length !== secrets + records) throw Error(`${lines.length} lines, not ${secrets} secrets and ${records} records`);

async function unwrap() {
  const d = new Decrypter();
  d.addIdentity(identity);
  for (const line of lines.slice(0, secrets)) {
    try {
      return await d.decrypt(Buffer.from(JSON.parse(line).age, "base64"), "text");
    } catch {} // of another person: the next line
  }
  throw Error("the identity opens no secret");
}

function payload({ segment, offset, length }) {
  const data = Buffer.alloc(length);
  const f = openSync(join(archive, "accessions", accession, `${String(segment).padStart(6, "0")}.segment`));
  const n = readSync(f, data, 0, length, offset);
  closeSync(f);
  if (n !== length) throw Error("the segment is short");
  return data;
}

// Node has zstd from 22.15 on.
const unzstd = zlib.zstdDecompressSync ?? ((frame) => execFileSync("zstd", ["-dqc"], { input: frame, maxBuffer: 1 << 30 }));

const secret = await unwrap();
if (!/^[0-9a-f]{64}$/.test(secret)) throw Error("the secret is not 64 lower-case hexadecimal digits");
const d = new Decrypter();
d.addPassphrase(secret);
for (const line of lines.slice(secrets)) {
  const r = JSON.parse(line);
  const frame = await d.decrypt(Buffer.concat([Buffer.from(r.header, "base64"), payload(r)]));
  writeFileSync(join(out, String(r.n)), unzstd(frame));
}
