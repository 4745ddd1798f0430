#!/usr/bin/env bash
# Versions: knx 2.5.4 (npm), xknx 4.0.0 (PyPI): two readers of building automation's datapoint type 9 (temperature, brightness, CO2).
# Guess: both say that 7FFF is no value, for the KNX standard keeps that code for "invalid data"; 0C1A (21.0 degrees) is read alike.
# Seen: xknx refuses 7FFF; knx reads it as 670760.96 degrees without a word. 0C1A is 21 in both.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts knx@2.5.4
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check xknx==4.0.0
cat >run.cjs <<'JS'
const types = require('knx/src/dptlib');
const read = (hex) => types.fromBuffer(Buffer.from(hex, 'hex'), types.resolve('DPT9.001'));
console.log(read('0c1a'), read('7fff'));
JS
cat >run.py <<'PY'
from xknx.dpt import DPTArray, DPTTemperature
from xknx.exceptions import ConversionError

def read(text):
    try:
        return DPTTemperature.from_knx(DPTArray(tuple(bytes.fromhex(text))))
    except ConversionError:
        return "refused"

print(f"{read('0c1a'):g}", read("7fff"))
PY
seen="$(node run.cjs | tail -1); $(venv/bin/python run.py)"
echo "knx 2.5.4; xknx 4.0.0: 0C1A and 7FFF of type 9.001"
echo "guess: 21 refused; 21 refused"
echo "seen:  $seen"
[ "$seen" = '21 670760.96; 21 refused' ]
