/** Keeps the bounding boxes of entities' geometries in the R*Tree. Writes only the differences. */
import type { Database } from 'better-sqlite3';
import type { Instance } from '../../../core/model/attribute.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { type BoundingBox, boundingBox, type Geometry } from '../../../core/model/geometry.ts';
import { isObject, type Json } from '../../../core/model/json.ts';
import { type Names, noName } from '../names.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';

/** `place` is the entity's number times this, plus a slot for each GeoProperty. */
export const slots = 65_536;

export interface Boxes {
  /** Writes the differences between the stored entity with this number and the next one. */
  replace(num: number, before: Entity | undefined, after: Entity | undefined): Interruptible<undefined>;
}

interface Box {
  /** Absent on the last box of an entity with more GeoProperties than slots: that box covers all the rest. */
  readonly name?: string;
  readonly bounds: BoundingBox;
}

export function createBoxes(database: Database, names: Names): Boxes {
  const put = database.prepare<[number, number, number, number, number, number]>(
    'INSERT OR REPLACE INTO box (place, west, east, south, north, name) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const drop = database.prepare<[number]>('DELETE FROM box WHERE place = ?');
  return {
    *replace(num, before, after) {
      if (before && after && hasSameGeometries(before, after)) return undefined;
      const [old, next] = [boxesOf(before), boxesOf(after)];
      yield;
      for (const [slot, box] of next.entries()) {
        if (isSameBox(old[slot], box)) continue;
        const [west, south, east, north] = box.bounds;
        put.run(num * slots + slot, west, east, south, north, box.name === undefined ? noName : names.numOf(box.name));
        yield;
      }
      for (let slot = next.length; slot < old.length; slot += 1) {
        drop.run(num * slots + slot);
        yield;
      }
      return undefined;
    },
  };
}

/** One box for each GeoProperty, in the order of the attributes. */
function boxesOf(entity: Entity | undefined): readonly Box[] {
  if (!entity) return [];
  const boxes = Object.entries(entity.attrs).flatMap(([name, instances]) => {
    const bounds = instances.flatMap(boundsOf).reduce<BoundingBox | undefined>(around, undefined);
    return bounds ? [{ name, bounds }] : [];
  });
  if (boxes.length <= slots) return boxes;
  const rest = boxes
    .slice(slots - 1)
    .reduce<BoundingBox | undefined>((all, { bounds }) => around(all, bounds), undefined);
  return [...boxes.slice(0, slots - 1), ...(rest ? [{ bounds: rest }] : [])];
}

const boundsOf = ({ kind, value }: Instance): readonly BoundingBox[] =>
  kind === 'GeoProperty' && isGeometry(value) ? [boundingBox(value)] : [];

/** A type assertion: the value of a GeoProperty was validated as a geometry. */
const isGeometry = (value: Json): value is Geometry => isObject(value) && 'coordinates' in value;

const around = (a: BoundingBox | undefined, b: BoundingBox): BoundingBox =>
  a ? [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])] : b;

const isSameBox = (a: Box | undefined, b: Box): boolean =>
  a !== undefined && a.name === b.name && a.bounds.every((bound, index) => bound === b.bounds[index]);

/** True when no GeoProperty was touched. A write keeps the objects of instances that it does not change. */
function hasSameGeometries({ attrs: before }: Entity, { attrs: after }: Entity): boolean {
  const isTouched = (name: string): boolean =>
    before[name] !== after[name] && ((before[name]?.some(isGeo) ?? false) || (after[name]?.some(isGeo) ?? false));
  return !Object.keys(after).some(isTouched) && !Object.keys(before).some(isTouched);
}

const isGeo = ({ kind }: Instance): boolean => kind === 'GeoProperty';
