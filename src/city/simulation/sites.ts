/** Lists the parking sites of the simulated Kranj. The names are real; the capacities are invented. */
import { type Area, areas, type Position } from './places.ts';

/** The users of a site, which determine when it is full. */
export type Clientele = 'commuters' | 'shoppers' | 'residents' | 'visitors' | 'patients';

export interface CarPark {
  readonly key: string;
  readonly sl: string;
  readonly en: string;
  readonly area: Area;
  readonly position: Position;
  readonly spots: number;
  readonly clientele: Clientele;
  readonly isFree: boolean;
  readonly isGarage: boolean;
}

const open = { isGarage: false, isFree: false };

export const carParks: readonly CarPark[] = [
  {
    ...open,
    key: 'huje',
    sl: 'Parkirišče Huje',
    en: 'Huje car park',
    area: areas.primskovo,
    position: [14.3592, 46.2402],
    spots: 214,
    clientele: 'commuters',
  },
  {
    ...open,
    key: 'stara-sava',
    sl: 'Parkirišče Stara Sava',
    en: 'Stara Sava car park',
    area: areas.oldTown,
    position: [14.3522, 46.2371],
    spots: 148,
    clientele: 'visitors',
  },
  {
    ...open,
    key: 'cebelica',
    sl: 'Parkirišče Čebelica',
    en: 'Čebelica car park',
    area: areas.centre,
    position: [14.3541, 46.2437],
    spots: 120,
    clientele: 'shoppers',
  },
  {
    ...open,
    key: 'stara-posta',
    sl: 'Parkirišče Stara pošta',
    en: 'Old post office car park',
    area: areas.centre,
    position: [14.3549, 46.2416],
    spots: 46,
    clientele: 'shoppers',
  },
  {
    ...open,
    key: 'knjiznica',
    sl: 'Garaža pri knjižnici',
    en: 'Library garage',
    area: areas.centre,
    position: [14.3556, 46.2419],
    spots: 92,
    clientele: 'shoppers',
    isGarage: true,
  },
  {
    ...open,
    key: 'zeleznisko',
    sl: 'Parkirišče pri železniški postaji',
    en: 'Railway station car park',
    area: areas.strazisce,
    position: [14.3489, 46.2402],
    spots: 176,
    clientele: 'commuters',
    isFree: true,
  },
  {
    ...open,
    key: 'stadion',
    sl: 'Parkirišče pri stadionu',
    en: 'Stadium car park',
    area: areas.zlatoPolje,
    position: [14.3515, 46.2461],
    spots: 164,
    clientele: 'visitors',
    isFree: true,
  },
  {
    ...open,
    key: 'bazen',
    sl: 'Parkirišče pri bazenu',
    en: 'Swimming pool car park',
    area: areas.zlatoPolje,
    position: [14.3504, 46.2449],
    spots: 88,
    clientele: 'visitors',
  },
  {
    ...open,
    key: 'zdravstveni-dom',
    sl: 'Parkirišče pri zdravstvenem domu',
    en: 'Health centre car park',
    area: areas.zlatoPolje,
    position: [14.3517, 46.2436],
    spots: 74,
    clientele: 'patients',
  },
  {
    ...open,
    key: 'planina',
    sl: 'Garaža Planina',
    en: 'Planina garage',
    area: areas.planina,
    position: [14.3698, 46.2418],
    spots: 240,
    clientele: 'residents',
    isGarage: true,
  },
];

export interface StreetParking {
  readonly key: string;
  readonly street: string;
  readonly area: Area;
  readonly spots: number;
  readonly clientele: Clientele;
  /** Blue zone in the daytime, residents at all times, or free. */
  readonly rule: 'blueZone' | 'residents' | 'free';
}

type Rule = StreetParking['rule'];

const along = (
  area: Area,
  rows: readonly (readonly [key: string, street: string, spots: number, clientele: Clientele, rule: Rule])[],
): readonly StreetParking[] =>
  rows.map(([key, street, spots, clientele, rule]) => ({ key, street, area, spots, clientele, rule }));

export const streetParkings: readonly StreetParking[] = [
  ...along(areas.centre, [
    ['koroska-cesta', 'Koroška cesta', 38, 'shoppers', 'blueZone'],
    ['bleiweisova-cesta', 'Bleiweisova cesta', 24, 'shoppers', 'blueZone'],
    ['stritarjeva-ulica', 'Stritarjeva ulica', 16, 'shoppers', 'blueZone'],
    ['mladinska-ulica', 'Mladinska ulica', 22, 'residents', 'residents'],
    ['gregorciceva-ulica', 'Gregorčičeva ulica', 18, 'residents', 'blueZone'],
  ]),
  ...along(areas.zlatoPolje, [
    ['kidriceva-cesta', 'Kidričeva cesta', 30, 'patients', 'blueZone'],
    ['ulica-31-divizije', 'Ulica 31. divizije', 44, 'residents', 'residents'],
    ['gubceva-ulica', 'Gubčeva ulica', 36, 'residents', 'residents'],
  ]),
  ...along(areas.planina, [
    ['gorenjskega-odreda', 'Ulica Gorenjskega odreda', 60, 'residents', 'free'],
    ['tuga-vidmarja', 'Ulica Tuga Vidmarja', 48, 'residents', 'free'],
    ['rudija-papeza', 'Ulica Rudija Papeža', 42, 'residents', 'free'],
  ]),
  ...along(areas.primskovo, [
    ['jezerska-cesta', 'Jezerska cesta', 26, 'shoppers', 'free'],
    ['zadruzna-ulica', 'Zadružna ulica', 14, 'residents', 'free'],
  ]),
  ...along(areas.strazisce, [
    ['skofjeloska-cesta', 'Škofjeloška cesta', 20, 'commuters', 'free'],
    ['baragov-trg', 'Baragov trg', 18, 'visitors', 'free'],
  ]),
  ...along(areas.oldTown, [['tomsiceva-ulica', 'Tomšičeva ulica', 12, 'residents', 'residents']]),
];
