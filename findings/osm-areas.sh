#!/usr/bin/env bash
# Versions: osmtogeojson 2.2.12 (npm), osm2geojson 0.3.2 (PyPI).
# Guess: both make the same closed way of OpenStreetMap an area or a line: bus platforms, piers and running tracks are areas.
# Seen: osmtogeojson makes polygons of them; osm2geojson makes lines of public_transport=platform, man_made=pier, leisure=track and
#   waterway=dam, but a polygon of railway=platform. Car parks, buildings and water are polygons in both.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund osmtogeojson@2.2.12
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check osm2geojson==0.3.2
cat >data.json <<'JSON'
{ "version": 0.6, "elements": [
  { "type": "node", "id": 1, "lat": 46.24, "lon": 14.35 },
  { "type": "node", "id": 2, "lat": 46.24, "lon": 14.36 },
  { "type": "node", "id": 3, "lat": 46.25, "lon": 14.36 },
  { "type": "way", "id": 11, "nodes": [1, 2, 3, 1], "tags": { "public_transport": "platform" } },
  { "type": "way", "id": 12, "nodes": [1, 2, 3, 1], "tags": { "man_made": "pier" } },
  { "type": "way", "id": 13, "nodes": [1, 2, 3, 1], "tags": { "leisure": "track" } },
  { "type": "way", "id": 14, "nodes": [1, 2, 3, 1], "tags": { "waterway": "dam" } },
  { "type": "way", "id": 15, "nodes": [1, 2, 3, 1], "tags": { "railway": "platform" } },
  { "type": "way", "id": 16, "nodes": [1, 2, 3, 1], "tags": { "amenity": "parking" } },
  { "type": "way", "id": 17, "nodes": [1, 2, 3, 1], "tags": { "building": "yes" } }
] }
JSON
cat >run.cjs <<'JS'
const toGeojson = require('osmtogeojson');
const { features } = toGeojson(require('./data.json'));
const kinds = Object.fromEntries(features.map(({ id, geometry }) => [id, geometry.type]));
console.log([11, 12, 13, 14, 15, 16, 17].map((id) => kinds[`way/${id}`].at(0)).join(' '));
JS
cat >run.py <<'PY'
import json
import osm2geojson

features = osm2geojson.json2geojson(json.load(open("data.json")))["features"]
kinds = {feature["properties"]["id"]: feature["geometry"]["type"] for feature in features}
print(*(kinds[number][0] for number in (11, 12, 13, 14, 15, 16, 17)))
PY
seen="$(node run.cjs); $(venv/bin/python run.py 2>/dev/null)"
echo "osmtogeojson 2.2.12; osm2geojson 0.3.2: P polygon, L line"
echo "guess: P P P P P P P; P P P P P P P"
echo "seen:  $seen"
[ "$seen" = 'P P P P P P P; L L L L P P P' ]
