import { dirname } from 'node:path';
import type { Access } from '../../sandbox';
import { isInside } from '../writeScope';

/** A place with its links resolved, and what may be done there and below. */
export interface PlaceAccess {
  readonly path: string;
  readonly access: Access;
  readonly kind: 'directory' | 'file';
  /** Nothing is there: it must not come into being either. */
  readonly missing?: boolean;
  /** Which file stands there, as the system numbers it. */
  readonly file: string;
}

/** A second name of a readable place, needed where the links that lead to it are not to be seen. */
export interface PlaceAlias {
  readonly name: string;
  readonly path: string;
}

/** A machine's files as a confined program sees them. */
export interface ConfinedView {
  /** One for each path, parents before what is in them. */
  readonly places: readonly PlaceAccess[];
  readonly aliases: readonly PlaceAlias[];
  /** Equal as long as the same files stand at the places. */
  readonly identity: string;
}

/** What the closest place allows for a path without links. Without any, nothing. */
export function accessAt(places: readonly PlaceAccess[], path: string): Access {
  return closestPlace(places, path)?.access ?? 'none';
}

/** What a place would be without its own rule. */
export function accessAround(places: readonly PlaceAccess[], path: string): Access {
  const parent = dirname(path);
  return parent === path ? 'none' : accessAt(places, parent);
}

/** The place whose rule counts for a path without links. */
export function closestPlace(
  places: readonly PlaceAccess[],
  path: string,
): PlaceAccess | undefined {
  let closest: PlaceAccess | undefined;
  for (const place of places) {
    if (!isInside(place.path, path)) continue;
    if (closest === undefined || place.path.length > closest.path.length) closest = place;
  }
  return closest;
}
