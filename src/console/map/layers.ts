/** Says how the map looks: its sources, its layers and their colours. */
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl';
import type { Level, Steps } from '../data/domains.ts';

/** The colours of states. They differ in lightness too, so that they can be told apart without seeing colours. */
const levelColours: Readonly<Record<Level, string>> = {
  good: '#2e9e6b',
  fair: '#d9a406',
  poor: '#e07b1a',
  bad: '#c8323c',
  idle: '#8795a1',
  none: '#2f7fb8',
};

const paletteOf = (isDark: boolean) =>
  isDark
    ? {
        ground: '#12191d',
        area: '#1b262c',
        edge: '#2b3b44',
        street: '#3a4d57',
        text: '#a9bac4',
        halo: '#12191d',
        ring: '#0d1316',
      }
    : {
        ground: '#eef2f3',
        area: '#ffffff',
        edge: '#d5dfe2',
        street: '#c3d1d6',
        text: '#5a6b75',
        halo: '#ffffff',
        ring: '#ffffff',
      };

const empty = { type: 'geojson' as const, data: { type: 'FeatureCollection' as const, features: [] } };

const colourOfLevel: ExpressionSpecification = [
  'match',
  ['get', 'level'],
  'good',
  levelColours.good,
  'fair',
  levelColours.fair,
  'poor',
  levelColours.poor,
  'bad',
  levelColours.bad,
  'idle',
  levelColours.idle,
  levelColours.none,
];

/** Another colour than that of any state, because an entity in a good state can have an alert. */
const alertColour = '#a3259c';
const hasAlert: ExpressionSpecification = ['==', ['get', 'alert'], 'yes'];

const isLevel = (level: Level): ExpressionSpecification => ['+', ['case', ['==', ['get', 'level'], level], 1, 0]];

export function styleOf(isDark: boolean, tiles?: TileSource): StyleSpecification {
  const palette = paletteOf(isDark);
  return {
    version: 8,
    sources: {
      areas: empty,
      streets: empty,
      labels: empty,
      chosen: empty,
      entities: {
        ...empty,
        cluster: true,
        clusterRadius: 38,
        clusterMaxZoom: 15,
        clusterProperties: { bad: isLevel('bad'), poor: isLevel('poor') },
      },
      ...(tiles ? { tiles: { type: 'vector' as const, tiles: [tiles.url], maxzoom: tileZoomMax } } : undefined),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': palette.ground } },
      // The edges lie below the areas, so that those of areas that overlap are seen on the outside only.
      { id: 'edges', type: 'line', source: 'areas', paint: { 'line-color': palette.edge, 'line-width': 4 } },
      { id: 'areas', type: 'fill', source: 'areas', paint: { 'fill-color': palette.area } },
      {
        id: 'streets',
        type: 'line',
        source: 'streets',
        layout: { 'line-cap': 'round' },
        paint: { 'line-color': palette.street, 'line-width': ['interpolate', ['linear'], ['zoom'], 11, 1, 17, 9] },
      },
      ...textLayers(palette),
      ...entityLayers(palette.ring),
      ...(tiles ? tileLayers(palette.ring, tiles) : []),
    ],
  };
}

/** Where tiles come from, and the colour of each point in them. */
export interface TileSource {
  /** With `{z}`, `{x}` and `{y}`. */
  readonly url: string;
  readonly judged: readonly JudgedType[];
}

/** A type of entities with the attribute that decides the state, as stored. */
export interface JudgedType {
  readonly type: string;
  readonly attribute: string;
  readonly steps: Steps;
}

/** Nearer, MapLibre GL enlarges these tiles: in them, each entity is drawn alone. */
const tileZoomMax = 16;

function colourInTiles(judged: readonly JudgedType[]): ExpressionSpecification {
  return judged.reduce<ExpressionSpecification>(
    (others, { type, attribute, steps: [fair, poor, bad] }) => [
      'case',
      ['all', ['==', ['get', 'type'], type], ['has', attribute]],
      [
        'step',
        ['to-number', ['get', attribute]],
        levelColours.good,
        ...[fair, levelColours.fair],
        ...[poor, levelColours.poor],
        ...[bad, levelColours.bad],
      ],
      others,
    ],
    ['literal', levelColours.none],
  );
}

const tileLayers = (ring: string, { judged }: TileSource): StyleSpecification['layers'] => [
  {
    id: 'tile-clusters',
    type: 'circle',
    source: 'tiles',
    'source-layer': 'entities',
    filter: ['has', 'point_count'],
    paint: {
      'circle-color': '#1c6c7c',
      'circle-opacity': 0.92,
      'circle-radius': ['interpolate', ['linear'], ['get', 'point_count'], 2, 9, 100, 14, 10_000, 22],
      'circle-stroke-width': 2,
      'circle-stroke-color': ring,
    },
  },
  {
    id: 'tile-counts',
    type: 'symbol',
    source: 'tiles',
    'source-layer': 'entities',
    filter: ['has', 'point_count'],
    layout: { 'text-field': ['get', 'point_count_abbreviated'], 'text-size': 11 },
    paint: { 'text-color': '#ffffff' },
  },
  {
    id: 'tile-points',
    type: 'circle',
    source: 'tiles',
    'source-layer': 'entities',
    filter: ['!', ['has', 'point_count']],
    paint: {
      'circle-color': colourInTiles(judged),
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 11, 4, 16, 8, 19, 12],
      'circle-stroke-width': 1.5,
      'circle-stroke-color': ring,
    },
  },
];

const textLayers = ({ text, halo }: ReturnType<typeof paletteOf>): StyleSpecification['layers'] => [
  {
    id: 'area-names',
    type: 'symbol',
    source: 'labels',
    maxzoom: 15.5,
    layout: {
      'text-field': ['get', 'name'],
      'text-size': 13,
      'text-letter-spacing': 0.06,
      'text-anchor': 'bottom',
      'text-allow-overlap': true,
    },
    paint: { 'text-color': text, 'text-halo-color': halo, 'text-halo-width': 1.5 },
  },
  {
    id: 'names',
    type: 'symbol',
    source: 'entities',
    minzoom: 15.5,
    filter: ['!', ['has', 'point_count']],
    layout: {
      'text-field': ['get', 'title'],
      'text-size': 11.5,
      'text-offset': [0, 1.1],
      'text-anchor': 'top',
      'text-max-width': 9,
    },
    paint: { 'text-color': text, 'text-halo-color': halo, 'text-halo-width': 1.5 },
  },
];

const entityLayers = (ring: string): StyleSpecification['layers'] => [
  ...clusterLayers(ring),
  {
    id: 'points',
    type: 'circle',
    source: 'entities',
    filter: ['!', ['has', 'point_count']],
    paint: {
      'circle-color': colourOfLevel,
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 11, 5, 16, 8, 19, 12],
      'circle-stroke-width': ['case', hasAlert, 3.5, 1.5],
      'circle-stroke-color': ['case', hasAlert, alertColour, ring],
    },
  },
  {
    id: 'alert-signs',
    type: 'symbol',
    source: 'entities',
    filter: ['all', ['!', ['has', 'point_count']], hasAlert],
    layout: { 'text-field': '!', 'text-size': 13, 'text-allow-overlap': true },
    paint: { 'text-color': '#ffffff', 'text-halo-color': '#3a0f3f', 'text-halo-width': 1 },
  },
  {
    id: 'chosen',
    type: 'circle',
    source: 'chosen',
    paint: {
      'circle-color': 'rgba(0,0,0,0)',
      'circle-radius': 15,
      'circle-stroke-width': 3,
      'circle-stroke-color': '#0e8fa6',
    },
  },
];

/** The ring of a cluster has the colour of the worst state in it that needs attention. */
const clusterLayers = (ring: string): StyleSpecification['layers'] => [
  {
    id: 'clusters',
    type: 'circle',
    source: 'entities',
    filter: ['has', 'point_count'],
    paint: {
      'circle-color': '#1c6c7c',
      'circle-opacity': 0.92,
      'circle-radius': ['interpolate', ['linear'], ['get', 'point_count'], 2, 12, 20, 17, 200, 27, 2000, 40],
      'circle-stroke-width': 3,
      'circle-stroke-color': [
        'case',
        ['>', ['get', 'bad'], 0],
        levelColours.bad,
        ['>', ['get', 'poor'], 0],
        levelColours.poor,
        ring,
      ],
    },
  },
  {
    id: 'counts',
    type: 'symbol',
    source: 'entities',
    filter: ['has', 'point_count'],
    layout: { 'text-field': ['get', 'point_count_abbreviated'], 'text-size': 12, 'text-allow-overlap': true },
    paint: { 'text-color': '#ffffff' },
  },
];
