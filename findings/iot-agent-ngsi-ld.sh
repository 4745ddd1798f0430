#!/usr/bin/env bash
# Version: iotagent-node-lib 4.14.0 (npm), what FIWARE's IoT agents are made of, with ngsiVersion "ld".
# Guess: measures become what their attribute types say: the text "false" of a Boolean is false, "1e3" of an Integer and of a Number is
#   1000 as for a Float, a geo:point "46.24,14.36" (NGSI v2: latitude, longitude) is GeoJSON's [14.36, 46.24], and a ListProperty has
#   its list in valueList (CIM 009, 4.5).
# Seen: true; 1 and 1, while the Float is 1000; [46.24, 14.36], in Yemen instead of Kranj; listValue.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund iotagent-node-lib@4.14.0
cat >run.cjs <<'JS'
const { createServer } = require('node:http');
const agent = require('iotagent-node-lib');

const measures = [
  { name: 'closed', type: 'Boolean', value: 'false' },
  { name: 'float', type: 'Float', value: '1e3' },
  { name: 'whole', type: 'Integer', value: '1e3' },
  { name: 'number', type: 'Number', value: '1e3' },
  { name: 'place', type: 'geo:point', value: '46.24,14.36' },
  { name: 'profile', type: 'ListProperty', value: [1, 2] },
];
let received;
const broker = createServer((request, response) => {
  let text = '';
  request.on('data', (part) => (text += part)).on('end', () => {
    received = [JSON.parse(text)].flat()[0];
    response.writeHead(204).end();
  });
}).listen(0, '127.0.0.1', () => {
  const active = measures.map(({ name, type }) => ({ name, type }));
  const config = {
    logLevel: 'FATAL',
    contextBroker: {
      host: '127.0.0.1',
      port: String(broker.address().port),
      ngsiVersion: 'ld',
      jsonLdContext: 'https://example.org/context.jsonld',
    },
    server: { port: 0, host: '127.0.0.1' },
    types: { Meter: { type: 'Meter', commands: [], lazy: [], active } },
    service: 'city',
    subservice: '/',
    providerUrl: 'http://127.0.0.1:1',
    deviceRegistry: { type: 'memory' },
  };
  agent.activate(config, (error) => {
    if (error) throw error;
    agent.update('meter', 'Meter', '', measures, () => {
      const { closed, float, whole, number, place, profile } = received;
      console.log(closed.value, float.value, whole.value, number.value, place.value.coordinates.join(','), Object.keys(profile).join(','));
      process.exit(0);
    });
  });
});
JS
seen=$(node run.cjs | tail -1)
echo "iotagent-node-lib 4.14.0: Boolean false; Float, Integer, Number 1e3; geo:point 46.24,14.36; ListProperty"
echo "guess: false 1000 1000 1000 14.36,46.24 type,valueList"
echo "seen:  $seen"
[ "$seen" = 'true 1000 1 1 46.24,14.36 type,listValue' ]
