#!/usr/bin/env bash
# Version: ngsijs 1.4.1 (npm), FIWARE's JavaScript client of Orion and of NGSI-LD brokers.
# Guess: a temporal query takes the answer 206 with Content-Range, which a broker gives when a history is longer than one answer
#   (CIM 009, 6.3.10), and hands over what came.
# Seen: the promise is rejected, "Unexpected error code: 206", and what came is lost; the same body with 200 is handed over.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ngsijs@1.4.1
cat >run.cjs <<'JS'
const { createServer } = require('node:http');
const NGSI = require('ngsijs');

let status = 200;
const server = createServer((request, response) => {
  response.writeHead(status, {
    'Content-Type': 'application/ld+json',
    'Content-Range': 'date-time 2026-01-02T00:00:00-2026-01-01T00:00:00/*',
  });
  response.end(JSON.stringify([{ id: 'urn:ngsi-ld:Meter:1', type: 'Meter' }]));
}).listen(0, '127.0.0.1', async () => {
  const { ld } = new NGSI.Connection(`http://127.0.0.1:${server.address().port}`);
  const seen = [];
  for (status of [200, 206])
    await ld
      .queryTemporalEntities({ type: 'Meter', timerel: 'after', timeAt: '2026-01-01T00:00:00Z' })
      .then(({ results }) => seen.push(`${status}: ${results.length} entity`), ({ message }) => seen.push(`${status}: ${message}`));
  console.log(seen.join('; '));
  server.close();
});
JS
seen=$(node run.cjs)
echo "ngsijs 1.4.1, queryTemporalEntities"
echo "guess: 200: 1 entity; 206: 1 entity"
echo "seen:  $seen"
[ "$seen" = '200: 1 entity; 206: Unexpected error code: 206' ]
