/**
 * Lists areas of Kranj with real streets; house numbers and exact points are invented. Positions of villages follow the Register of spatial
 * units (Geodetska uprava Republike Slovenije, CC BY 4.0).
 */
import type { JsonObject } from '../../core/model/json.ts';
import { type Chance, pick, round } from './chance.ts';

/** Longitude and latitude in degrees. */
export type Position = readonly [number, number];

export interface Area {
  /** The form of the name in ids. */
  readonly key: string;
  readonly name: string;
  /** The settlement in addresses. */
  readonly locality: string;
  readonly centre: Position;
  readonly radiusM: number;
  readonly streets: readonly string[];
}

export const areas = {
  oldTown: {
    key: 'staro-mestno-jedro',
    name: 'Staro mestno jedro',
    locality: 'Kranj',
    centre: [14.3553, 46.2389],
    radiusM: 230,
    streets: [
      'Glavni trg',
      'Prešernova ulica',
      'Tavčarjeva ulica',
      'Tomšičeva ulica',
      'Maistrov trg',
      'Jenkova ulica',
      'Reginčeva ulica',
    ],
  },
  centre: {
    key: 'center',
    name: 'Center',
    locality: 'Kranj',
    centre: [14.3562, 46.2434],
    radiusM: 320,
    streets: [
      'Slovenski trg',
      'Koroška cesta',
      'Bleiweisova cesta',
      'Stritarjeva ulica',
      'Mladinska ulica',
      'Nazorjeva ulica',
      'Gregorčičeva ulica',
    ],
  },
  zlatoPolje: {
    key: 'zlato-polje',
    name: 'Zlato polje',
    locality: 'Kranj',
    centre: [14.3487, 46.2458],
    radiusM: 380,
    streets: ['Kidričeva cesta', 'Ulica 31. divizije', 'Gubčeva ulica', 'Koroška cesta'],
  },
  planina: {
    key: 'planina',
    name: 'Planina',
    locality: 'Kranj',
    centre: [14.3695, 46.2423],
    radiusM: 480,
    streets: [
      'Ulica Gorenjskega odreda',
      'Ulica Tuga Vidmarja',
      'Ulica Rudija Papeža',
      'Ulica Lojzeta Hrovata',
      'Likozarjeva ulica',
      'Cesta Rudija Šeliga',
    ],
  },
  primskovo: {
    key: 'primskovo',
    name: 'Primskovo',
    locality: 'Kranj',
    centre: [14.3712, 46.2508],
    radiusM: 420,
    streets: ['Jezerska cesta', 'Cesta Staneta Žagarja', 'Zadružna ulica', 'Ulica Mirka Vadnova'],
  },
  strazisce: {
    key: 'strazisce',
    name: 'Stražišče',
    locality: 'Kranj',
    centre: [14.3372, 46.2329],
    radiusM: 450,
    streets: ['Škofjeloška cesta', 'Delavska cesta', 'Pševska cesta', 'Baragov trg', 'Ješetova ulica'],
  },
  circe: {
    key: 'circe',
    name: 'Čirče',
    locality: 'Kranj',
    centre: [14.3732, 46.2296],
    radiusM: 350,
    streets: ['Smledniška cesta', 'Pot za krajem'],
  },
  kokrica: {
    key: 'kokrica',
    name: 'Kokrica',
    locality: 'Kokrica',
    centre: [14.3585, 46.2635],
    radiusM: 380,
    streets: ['Cesta na Brdo', 'Golniška cesta'],
  },
  mlaka: {
    key: 'mlaka',
    name: 'Mlaka pri Kranju',
    locality: 'Mlaka pri Kranju',
    centre: [14.3492, 46.2728],
    radiusM: 420,
    streets: ['Mlaška cesta', 'Zagrajškova ulica', 'Nedeljska vas', 'Benedičičeva ulica', 'Golniška cesta'],
  },
} as const satisfies Record<string, Area>;

/** A random place in an area, determined by a name: street, house number, and a point within the radius. */
export interface Spot {
  readonly address: JsonObject;
  readonly street: string;
  readonly position: Position;
}

export function spotIn(area: Area, chance: Chance, about: string): Spot {
  const street = pick(chance, `${about}/street`, area.streets);
  const number = 1 + Math.floor(chance(`${about}/number`) * 48);
  // The square root distributes points evenly over the disc. Without it they would cluster in the middle.
  const distanceM = area.radiusM * Math.sqrt(chance(`${about}/distance`));
  const bearing = 2 * Math.PI * chance(`${about}/bearing`);
  return {
    street,
    address: addressOf(area, `${street} ${number}`),
    position: moved(area.centre, { eastM: distanceM * Math.sin(bearing), northM: distanceM * Math.cos(bearing) }),
  };
}

export const addressOf = ({ locality }: Area, streetAddress: string): JsonObject => ({
  streetAddress,
  postalCode: '4000',
  addressLocality: locality,
  addressCountry: 'SI',
});

/** A position moved by some metres, with five decimals (about a metre). */
export function moved(
  [longitude, latitude]: Position,
  { eastM, northM }: { readonly eastM: number; readonly northM: number },
): Position {
  return [round(longitude + eastM / 77_000, 5), round(latitude + northM / 111_200, 5)];
}
