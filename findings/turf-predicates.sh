#!/usr/bin/env bash
# Versions: @turf/turf 7.4.0 (npm), shapely 2.2.0 (PyPI, GEOS).
# Guess: the predicates of both answer alike, as OGC Simple Features defines them.
# Seen: turf says that an area with a hole contains the area that fills the hole, that squares with one common edge overlap, that an area
#   touches itself, and that a line which ends at the edge of an area from outside crosses it. shapely says no four times.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @turf/turf@7.4.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check shapely==2.2.0
cat >shapes.json <<'JSON'
{
  "square": { "type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]] },
  "next": { "type": "Polygon", "coordinates": [[[4, 0], [8, 0], [8, 4], [4, 4], [4, 0]]] },
  "ring": { "type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [1, 3], [3, 3], [3, 1], [1, 1]]] },
  "filling": { "type": "Polygon", "coordinates": [[[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]] },
  "road": { "type": "LineString", "coordinates": [[4, 2], [6, 2]] }
}
JSON
cat >run.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { booleanContains, booleanCrosses, booleanOverlap, booleanTouches } from '@turf/turf';

const { square, next, ring, filling, road } = JSON.parse(readFileSync('shapes.json', 'utf8'));
console.log(
  booleanContains(ring, filling),
  booleanOverlap(square, next),
  booleanTouches(square, square),
  booleanCrosses(road, square),
);
JS
cat >run.py <<'PY'
import json
from shapely.geometry import shape

shapes = {name: shape(geometry) for name, geometry in json.load(open("shapes.json")).items()}
square = shapes["square"]
print(shapes["ring"].contains(shapes["filling"]), square.overlaps(shapes["next"]), square.touches(square), shapes["road"].crosses(square))
PY
seen="$(node run.mjs); $(venv/bin/python run.py)"
echo "@turf/turf 7.4.0; shapely 2.2.0: ring contains its filling, neighbours overlap, square touches itself, road up to the edge crosses"
echo "guess: false false false false; False False False False"
echo "seen:  $seen"
[ "$seen" = 'true true true true; False False False False' ]
