/** The operation that gives vector tiles of the entities of a query: `/tiles/{z}/{x}/{y}`. */
import { badData } from '../../core/model/problem.ts';
import { readAttributeName } from '../../core/model/read/name.ts';
import { createBoundedCache } from '../../core/jsonld/bounded-cache.ts';
import type { CallContext, Operation, OperationRequest } from '../../core/operation/operation.ts';
import { readList } from '../../core/operation/parameters.ts';
import { rightsKey } from '../../core/operation/rights-key.ts';
import { readSelection, selectingFor, selectionParameters } from '../../core/operation/selection.ts';
import { createTurns, type InTurn } from '../definition/turns.ts';
import { type PointView, readPoints } from './read-points.ts';
import { createTiles, type TilePlace, type Tiles, zoomMax } from './tile.ts';

/** How long tiles of a query may lag behind its entities, in milliseconds: reading all of them for each tile would take too long. */
const staleMs = 5000;
/** They may lag longer where reading takes long: at most a tenth of the time is spent on it. */
const staleShare = 10;
/** The points of all queries that are kept. One takes about 250 bytes. */
const keptPointsMax = 500_000;
const keptQueriesMax = 20;

/** Attributes that become properties of a feature. */
const shownMax = 10;

interface Kept {
  /** Until when, in milliseconds, the tiles are used, whatever changes. */
  readonly until: number;
  /** The position of the store before its entities were read. */
  readonly position: string;
  readonly tiles: Promise<Tiles>;
}

export function createTileOperations(): readonly Operation[] {
  const kept = createBoundedCache<Kept>({ entriesMax: keptQueriesMax, weightMax: keptPointsMax });
  const inTurn = createTurns();
  return [
    {
      name: 'readTile',
      clause: '5.7.2',
      method: 'GET',
      path: '/tiles/{z}/{x}/{y}',
      action: 'read',
      access: 'read',
      body: 'none',
      unknownTenant: 'empty',
      takesContext: true,
      media: ['json'],
      parameters: [...tileParameters],
      async run(request, call) {
        const place = readPlace(request);
        const view = readView(request.params, call);
        const tiles = await tilesOf(view, { key: keyOf(request.params, call), call, kept, inTurn });
        return { kind: 'document', status: 200, headers: headers(call), content: tiles(place) };
      },
    },
  ];
}

const tileParameters = [...selectionParameters.filter((name) => !['csf', 'local', 'explain'].includes(name)), 'attrs'];

/** Tiles depend on the rights of the caller, so that only public ones may be shared. */
const headers = ({ principal }: CallContext): Readonly<Record<string, string>> => ({
  'Content-Type': 'application/vnd.mapbox-vector-tile',
  'Cache-Control': `${principal.identity.kind === 'anonymous' ? 'public' : 'private'}, max-age=${staleMs / 1000}`,
  Vary: 'Origin, Authorization, X-Auth-Token, NGSILD-Tenant, Fiware-Service',
});

/** Callers with the same grants share the tiles of a query. */
const keyOf = (params: OperationRequest['params'], call: CallContext): string =>
  JSON.stringify([rightsKey(call), Object.entries(params).sort()]);

interface Keeping {
  readonly key: string;
  readonly call: CallContext;
  readonly kept: ReturnType<typeof createBoundedCache<Kept>>;
  readonly inTurn: InTurn;
}

/**
 * The tiles of a query. Requests that come while its entities are read wait for the same reading. A caller has one query read at a time,
 * because the points of many take much memory.
 */
async function tilesOf(view: PointView, { key, call, kept, inTurn }: Keeping): Promise<Tiles> {
  const millis = (): number => Date.parse(call.services.clock.now());
  const position = await call.position();
  const known = kept.get(key);
  if (known && (Date.parse(call.now) < known.until || known.position === position)) return known.tiles;
  const tiles = inTurn(call.principal.identity.subject, async () => {
    const began = millis();
    const points = await readPoints(view, call);
    const until = began + Math.max(staleMs, staleShare * (millis() - began));
    kept.set(key, { until, position, tiles }, 1 + points.length);
    return createTiles(points);
  });
  kept.set(key, { until: Infinity, position, tiles }, 1);
  tiles.catch(() => kept.delete(key));
  return tiles;
}

/** Throws BadRequestData for a place that no tile has. */
function readPlace({ path: { z = '', x = '', y = '' } }: OperationRequest): TilePlace {
  const zoom = readNumber(z, 'The zoom level', zoomMax);
  const last = 2 ** zoom - 1;
  return {
    z: zoom,
    x: readNumber(x, 'The column', last),
    y: readNumber(y.replace(/\.(mvt|pbf)$/, ''), 'The row', last),
  };
}

function readNumber(text: string, what: string, most: number): number {
  const number = Number(text);
  if (/^\d{1,8}$/.test(text) && number <= most) return number;
  throw badData(`${what} of a tile must be a number from 0 to ${most}, not ${JSON.stringify(text)}.`);
}

/** Without a selection, all entities of this broker. Context sources are not asked. */
function readView(params: OperationRequest['params'], call: CallContext): PointView {
  const { attrs: _, ...selecting } = params;
  const names = readList(params, 'attrs') ?? [];
  if (names.length > shownMax) throw badData(`The parameter attrs must name at most ${shownMax} attributes.`);
  return {
    filter: readSelection({ ...selecting, local: 'true' }, selectingFor(call)),
    shown: names.map((name) => [name, readAttributeName(name, call.context)] as const),
  };
}
