#!/usr/bin/env bash
# Versions: vt-pbf 3.1.3, geojson-vt 5.0.3, @mapbox/vector-tile 3.0.0, pbf 5.1.2 (npm).
# Guess: whole numbers that JavaScript holds exactly (up to 2^53) come out of a vector tile as they went in; larger ones come as doubles.
# Seen: -(2^52 + 1) comes back as +2^52, and -(2^53 - 1) as +(2^53 - 2): the sign is lost, for the zigzag code of such a number needs 54
#   bits. 1e20 is no large double: the tile cannot be written ("varint doesn't fit"). 2^53 - 1, -2^51 and 0.5 are right.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund vt-pbf@3.1.3 geojson-vt@5.0.3 @mapbox/vector-tile@3.0.0 pbf@5.1.2
cat >run.mjs <<'JS'
import { VectorTile } from '@mapbox/vector-tile';
import GeoJSONVT from 'geojson-vt';
import { PbfReader } from 'pbf';
import vtpbf from 'vt-pbf';

const geometry = { type: 'Point', coordinates: [14.36, 46.24] };
const through = (value) => {
  const features = [{ type: 'Feature', geometry, properties: { value } }];
  const tile = new GeoJSONVT({ type: 'FeatureCollection', features }).getTile(0, 0, 0);
  try {
    const bytes = vtpbf.fromGeojsonVt({ layer: tile }, { version: 2 });
    return new VectorTile(new PbfReader(bytes)).layers.layer.feature(0).properties.value;
  } catch {
    return 'refused';
  }
};
console.log([0.5, 2 ** 53 - 1, -(2 ** 51), -(2 ** 52) - 1, -(2 ** 53) + 1, 1e20].map(through).join(' '));
JS
seen=$(node run.mjs)
echo "vt-pbf 3.1.3 and @mapbox/vector-tile 3.0.0, numbers through a tile"
echo "guess: 0.5 9007199254740991 -2251799813685248 -4503599627370497 -9007199254740991 100000000000000000000"
echo "seen:  $seen"
[ "$seen" = '0.5 9007199254740991 -2251799813685248 4503599627370496 9007199254740990 refused' ]
