#!/usr/bin/env bash
# Versions: opening_hours 3.15.0 (npm), opening_hours_py 2.1.4 (PyPI): two readers of OpenStreetMap's opening hours.
# Guess: both answer alike for car parks: "08:00+" (open end) is the same at noon, and "Mo-Sa 8-20" is read by both or by neither.
# Seen: "08:00+" is unknown in JavaScript and open in Python; "Mo-Sa 8-20" is open in JavaScript and refused in Python.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund opening_hours@3.15.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opening_hours_py==2.1.4
cat >run.mjs <<'JS'
import OpeningHours from 'opening_hours';

console.error = () => {};
const place = { lat: 46.24, lon: 14.36, address: { country_code: 'si', state: '' } };
const state = (text) => {
  try {
    const hours = new OpeningHours(text, place);
    const noon = new Date(2026, 6, 6, 12);
    return hours.getUnknown(noon) ? 'unknown' : hours.getState(noon) ? 'open' : 'closed';
  } catch {
    return 'refused';
  }
};
console.log(['08:00+', 'Mo-Sa 8-20', 'Mo-Sa 08:00-20:00'].map(state).join(' '));
JS
cat >run.py <<'PY'
from datetime import datetime
from opening_hours import OpeningHours

def state(text):
    try:
        answer = OpeningHours(text, country="SI").state(datetime(2026, 7, 6, 12))
    except Exception:
        return "refused"
    return str(answer[0] if isinstance(answer, tuple) else answer).split(".")[-1].lower()

print(*(state(text) for text in ("08:00+", "Mo-Sa 8-20", "Mo-Sa 08:00-20:00")))
PY
seen="$(node run.mjs); $(venv/bin/python run.py)"
echo "opening_hours 3.15.0; opening_hours_py 2.1.4, Monday 6 July 2026, noon"
echo "guess: the same three words twice"
echo "seen:  $seen"
[ "$seen" = 'unknown open open; open refused open' ]
