#!/usr/bin/env bash
# Version: complete-teltonika-parser 0.3.4 (npm), a reader of the messages of vehicle trackers (Teltonika, codec 8).
# Guess: longitude, latitude and altitude are signed, and so is the temperature of a Dallas sensor (element 72, four bytes, 0.1 degrees).
# Seen: -8.61 degrees of longitude are right; an altitude of -5 m comes as 65531, and -5.0 degrees (-50) as 4294967246.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund complete-teltonika-parser@0.3.4
cat >run.cjs <<'JS'
const { ProtocolParser } = require('complete-teltonika-parser');

// One record: time, priority, longitude, latitude, altitude, angle, satellites, speed; one element of four bytes.
const record = Buffer.alloc(24);
record.writeBigUInt64BE(1700000000000n, 0);
record.writeInt32BE(-86100000, 9);
record.writeInt32BE(411500000, 13);
record.writeInt16BE(-5, 17);
record.writeUInt16BE(90, 19);
record[21] = 7;
record.writeUInt16BE(40, 22);
const elements = Buffer.from([0, 1, 0, 0, 1, 72, 0xff, 0xff, 0xff, 0xce, 0]);
const data = Buffer.concat([Buffer.from([8, 1]), record, elements, Buffer.from([1])]);
let sum = 0;
for (const byte of data) {
  sum ^= byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xa001 : sum >>> 1;
}
const packet = Buffer.alloc(8 + data.length + 4);
packet.writeUInt32BE(data.length, 4);
data.copy(packet, 8);
packet.writeUInt32BE(sum, 8 + data.length);

const [{ GPSelement, IOelement }] = new ProtocolParser(packet.toString('hex')).Content.AVL_Datas;
console.log(GPSelement.Longitude, GPSelement.Altitude, IOelement.Elements[72]);
JS
seen=$(node run.cjs)
echo "complete-teltonika-parser 0.3.4: longitude -8.61, altitude -5 m, element 72: -50"
echo "guess: -8.61 -5 -50"
echo "seen:  $seen"
[ "$seen" = '-8.61 65531 4294967246' ]
