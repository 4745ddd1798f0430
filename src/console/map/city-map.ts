/** Draws entities on a map with MapLibre GL. This module is loaded only where a map is shown. */
import 'maplibre-gl/dist/maplibre-gl.css';
import {
  type GeoJSONSource,
  type LngLatBoundsLike,
  Map as MapView,
  NavigationControl,
  Popup,
  setWorkerUrl,
  type VectorTileSource,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import { positionOf } from '../data/entity.ts';
import { type ColourBy, colourOf, type Shown } from '../data/selection.ts';
import { collectionOf, type FeatureCollection } from './features.ts';
import { callerHeaders } from '../data/session.ts';
import { styleOf, type TileSource } from './layers.ts';
import { outlineOf } from './outline.ts';

setWorkerUrl(workerUrl);

export interface CityMap {
  /** Shows these entities. `everything` is what the outline is made of. */
  show(items: readonly Shown[], everything: readonly Shown[], look: Look): void;
  /** Marks an entity and moves to it. */
  choose(item: Shown | undefined): void;
  setLook(isDark: boolean, tiles: TileSource | undefined): void;
  remove(): void;
}

/** What the colours and rings of entities mean. */
interface Look {
  readonly colourBy: ColourBy;
  /** The ids of entities with an open alert. */
  readonly alerted: ReadonlySet<string>;
}

interface MapOptions {
  readonly isDark: boolean;
  readonly onChoose: (id: string) => void;
}

/** The share of entities at each end that do not count for the first view, because a wrong position must not hide the city. */
const strayShare = 0.01;

interface MapState {
  shown: readonly Shown[];
  everything: readonly Shown[];
  chosen: Shown | undefined;
  look: Look;
  /** True when the view shows the city, or what the person chose. */
  isFitted: boolean;
  /** True when the person has moved the map, so that it must stay where it is. */
  isMoved: boolean;
  /** The number of entities that the outline is made of. */
  outlinedCount: number;
}

/** Throws an Error when the browser cannot draw maps. */
export function drawMap(container: HTMLElement, { isDark, onChoose }: MapOptions): CityMap {
  const view = openView(container, isDark);
  followPointer(view, onChoose);
  const state = newState();
  let isReady = false;
  let lookNow = JSON.stringify([isDark, undefined]);
  const paint = (): void => {
    if (isReady) paintState(view, state);
  };
  fitUntilMoved(view, state);
  view.on('style.load', () => {
    isReady = true;
    state.outlinedCount = -1;
    paint();
  });
  return {
    show: (items, everything, look) => {
      Object.assign(state, { shown: items, everything, look });
      paint();
    },
    choose: (item) => {
      if (item && item.thing.id !== state.chosen?.thing.id) moveTo(view, state, item);
      state.chosen = item;
      paint();
    },
    setLook: (dark, tiles) => {
      const look = JSON.stringify([dark, tiles]);
      if (look === lookNow) return;
      lookNow = look;
      isReady = false;
      view.setStyle(styleOf(dark, tiles), { diff: false });
      keepTilesFresh(view, tiles);
    },
    remove: () => view.remove(),
  };
}

const newState = (): MapState => ({
  shown: [],
  everything: [],
  chosen: undefined,
  look: { colourBy: 'level', alerted: new Set() },
  isFitted: false,
  isMoved: false,
  outlinedCount: -1,
});

/** Shows the whole city whenever the size of the map changes, until the person moves the map. */
function fitUntilMoved(view: MapView, state: MapState): void {
  const move = (): void => {
    state.isMoved = true;
  };
  view.on('dragstart', move);
  view.on('wheel', move);
  view.on('resize', () => {
    if (!state.isMoved && !state.chosen) fitCity(view, state.everything);
  });
}

function openView(container: HTMLElement, isDark: boolean): MapView {
  const view = new MapView({
    container,
    style: styleOf(isDark),
    center: [14.355, 46.25],
    zoom: 11.5,
    maxZoom: 19,
    attributionControl: false,
    transformRequest: (url) =>
      new URL(url).pathname.startsWith('/tiles/') ? { url, headers: callerHeaders() } : { url },
    pitchWithRotate: false,
    dragRotate: false,
  });
  view.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  return view;
}

function paintState(view: MapView, state: MapState): void {
  setData(view, 'entities', featuresOf(state.shown, state.look));
  setData(view, 'chosen', featuresOf(state.chosen ? [state.chosen] : [], state.look));
  paintOutline(view, state);
}

/** How often tiles are asked for again, in milliseconds. */
const tileRefreshMs = 10_000;

/** Asks for the tiles again while this source is shown. */
function keepTilesFresh(view: MapView, tiles: TileSource | undefined): void {
  if (!tiles) return;
  const timer = window.setInterval(() => {
    const source = view.getSource<VectorTileSource>('tiles');
    if (source?.tiles[0] === tiles.url) source.setTiles([tiles.url]);
    else if (source) window.clearInterval(timer);
  }, tileRefreshMs);
  view.once('remove', () => window.clearInterval(timer));
}

function moveTo(view: MapView, state: MapState, { thing }: Shown): void {
  const position = positionOf(thing.geometry);
  if (!position) return;
  state.isFitted = true;
  const zoom = Math.max(view.getZoom(), 16.2);
  view.easeTo({ center: [position.longitude, position.latitude], zoom, duration: 600 });
}

function setData(view: MapView, name: string, data: FeatureCollection): void {
  const source = view.getSource<GeoJSONSource>(name);
  if (source) void source.setData(data);
}

/** The outline changes only when entities come or go. */
function paintOutline(view: MapView, state: MapState): void {
  if (state.outlinedCount === state.everything.length) return;
  state.outlinedCount = state.everything.length;
  const { areas, streets, labels } = outlineOf(state.everything);
  setData(view, 'areas', areas);
  setData(view, 'streets', streets);
  setData(view, 'labels', labels);
  if (!state.isFitted) state.isFitted = fitCity(view, state.everything);
}

/** Shows the whole city. False when there is nothing to show yet. */
function fitCity(view: MapView, items: readonly Shown[]): boolean {
  const bounds = boundsOf(items);
  if (bounds)
    view.fitBounds(bounds, { padding: { top: 40, right: 40, bottom: 70, left: 40 }, animate: false, maxZoom: 16 });
  return bounds !== undefined;
}

const featuresOf = (items: readonly Shown[], { colourBy, alerted }: Look): FeatureCollection =>
  collectionOf(
    items.flatMap((item) => {
      const { thing, title } = item;
      const position = positionOf(thing.geometry);
      if (!position) return [];
      const coordinates = [position.longitude, position.latitude];
      return [
        {
          type: 'Feature' as const,
          properties: {
            id: thing.id,
            title,
            level: colourOf(item, colourBy),
            alert: alerted.has(thing.id) ? 'yes' : 'no',
          },
          geometry: { type: 'Point' as const, coordinates },
        },
      ];
    }),
  );

function boundsOf(items: readonly Shown[]): LngLatBoundsLike | undefined {
  const positions = items.flatMap(({ thing }) => positionOf(thing.geometry) ?? []);
  if (positions.length === 0) return undefined;
  const between = (values: readonly number[]): readonly [number, number] => {
    const sorted = [...values].sort((a, b) => a - b);
    const stray = Math.floor(sorted.length * strayShare);
    return [sorted[stray] ?? 0, sorted[sorted.length - 1 - stray] ?? 0];
  };
  const [west, east] = between(positions.map(({ longitude }) => longitude));
  const [south, north] = between(positions.map(({ latitude }) => latitude));
  return [west, south, east, north];
}

/** A click on a cluster moves in, a click on an entity chooses it. Under the pointer, an entity shows its name. */
function followPointer(view: MapView, onChoose: (id: string) => void): void {
  const popup = new Popup({ closeButton: false, closeOnClick: false, offset: 12, className: 'map-name' });
  for (const layer of ['points', 'tile-points'])
    view.on('click', layer, ({ features }) => {
      const id: unknown = features?.[0]?.properties['id'];
      if (typeof id === 'string') onChoose(id);
    });
  view.on('click', 'tile-clusters', ({ lngLat }) => view.easeTo({ center: lngLat, zoom: view.getZoom() + 2 }));
  view.on('click', 'clusters', ({ features, lngLat }) => {
    const id: unknown = features?.[0]?.properties['cluster_id'];
    const source = view.getSource<GeoJSONSource>('entities');
    if (typeof id !== 'number' || !source) return;
    void source.getClusterExpansionZoom(id).then((zoom) => view.easeTo({ center: lngLat, zoom: zoom + 0.3 }));
  });
  view.on('mousemove', 'points', ({ features, lngLat }) => {
    view.getCanvas().style.cursor = 'pointer';
    popup
      .setLngLat(lngLat)
      .setText(String(features?.[0]?.properties['title'] ?? ''))
      .addTo(view);
  });
  view.on('mouseleave', 'points', () => {
    view.getCanvas().style.cursor = '';
    popup.remove();
  });
}
