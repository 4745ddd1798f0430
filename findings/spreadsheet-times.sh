#!/usr/bin/env bash
# Versions: read-excel-file 9.3.17, exceljs 4.4.0, xlsx 0.18.5 (npm); the workbooks are written by openpyxl 3.1.5 (PyPI).
# Guess: a cell with 29 March 2026, 00:05:00 is read as that time by all, also in a workbook that counts days from 1904.
# Seen: exceljs gives 00:05:00.000, the two others 00:04:59.999; with days from 1904, xlsx gives a day of 2022: four years and a day too
#   early.
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund read-excel-file@9.3.17 exceljs@4.4.0 xlsx@0.18.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openpyxl==3.1.5
cat >write.py <<'PY'
from datetime import datetime
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

for name, epoch in (("1900", CALENDAR_WINDOWS_1900), ("1904", CALENDAR_MAC_1904)):
    book = Workbook()
    book.epoch = epoch
    book.active.append([datetime(2026, 3, 29, 0, 5)])
    book.save(f"{name}.xlsx")
PY
venv/bin/python write.py
cat >run.mjs <<'JS'
import exceljs from 'exceljs';
import { readSheet } from 'read-excel-file/node';
import xlsx from 'xlsx';

process.env.TZ = 'UTC';
for (const name of ['1900.xlsx', '1904.xlsx']) {
  const book = await new exceljs.Workbook().xlsx.readFile(name);
  const sheet = xlsx.readFile(name, { cellDates: true }).Sheets.Sheet;
  const times = [(await readSheet(name))[0][0], book.worksheets[0].getCell('A1').value, sheet.A1.v];
  console.log(times.map((time) => time.toISOString()).join(' '));
}
JS
seen=$(node run.mjs | tr '\n' ' ')
echo "read-excel-file 9.3.17, exceljs 4.4.0, xlsx 0.18.5: 2026-03-29T00:05:00, days from 1900, then from 1904"
echo "guess: six times 2026-03-29T00:05:00.000Z"
echo "seen:  $seen"
[ "$seen" = '2026-03-29T00:04:59.999Z 2026-03-29T00:05:00.000Z 2026-03-29T00:04:59.999Z 2026-03-29T00:04:59.999Z 2026-03-29T00:05:00.000Z 2022-03-28T00:04:59.999Z ' ]
