// How the pictures of a call share the room there is: a grid of as many as fit, or one large with a strip of people beside it.

export interface Size {
  width: number;
  height: number;
}

/** How large each picture is, and how many are on a page. */
export interface Seating {
  tile: Size;
  seats: number;
  columns: number;
}

/** Between two pictures. */
export const GAP = 8;
/** What turning pages needs, when there are more people than seats. */
export const PAGER = 52;

const MOST = 25;
const WIDE = 16 / 9;
/** On a window that is higher than wide, pictures may be, too: a sea of bars is worse than a cut-off side. */
const TALL = 4 / 5;
const SMALLEST = { lying: { width: 200, height: 112 }, standing: { width: 136, height: 96 } };

const stands = ({ width, height }: Size) => height > width;

/** The largest picture for a cell. Lying windows keep the shape that cameras have, so that nothing is cut off. */
function tileIn(cell: Size, standing: boolean): Size {
  const narrowest = standing ? TALL : WIDE;
  const width = Math.min(cell.width, cell.height * WIDE);
  return { width: Math.floor(width), height: Math.floor(Math.min(cell.height, width / narrowest)) };
}

function cellOf(room: Size, columns: number, rows: number): Size {
  return {
    width: (room.width - GAP * (columns - 1)) / columns,
    height: (room.height - GAP * (rows - 1)) / rows,
  };
}

const area = ({ width, height }: Size) => width * height;

/** The best grid for exactly so many pictures. */
function bestFor(room: Size, count: number): Seating {
  const standing = stands(room);
  const choices = Array.from({ length: count }, (_, index) => {
    const columns = index + 1;
    return {
      columns,
      seats: count,
      tile: tileIn(cellOf(room, columns, Math.ceil(count / columns)), standing),
    };
  });
  const largest = Math.max(...choices.map(({ tile }) => area(tile)));
  // Of nearly equal ones, people on a window that lies sit beside each other, and on one that stands below each other.
  const good = choices.filter(({ tile }) => area(tile) >= largest * 0.93);
  return (standing ? good[0] : good.at(-1)) ?? { columns: 1, seats: count, tile: room };
}

/** As many pictures on a page as can be recognised, in the grid that makes them largest. */
export function gridFor(room: Size, count: number): Seating {
  const { width, height } = stands(room) ? SMALLEST.standing : SMALLEST.lying;
  const fits = (seating: Seating) => seating.tile.width >= width && seating.tile.height >= height;
  const all = bestFor(room, Math.max(1, Math.min(count, MOST)));
  if (count <= MOST && fits(all)) return all;

  const page = { width: room.width, height: room.height - PAGER };
  for (let seats = Math.min(count, MOST); seats > 1; seats -= 1) {
    const seating = bestFor(page, seats);
    if (fits(seating)) return seating;
  }
  return bestFor(page, 1);
}

/** One picture large, and the strip of the others beside it or, on a window that stands, below it. */
export function stripFor(room: Size, count: number, isScreen = false): Seating & { beside: boolean } {
  return stands(room)
    ? { ...below(room, count, isScreen), beside: false }
    : { ...beside(room, count), beside: true };
}

function beside(room: Size, count: number): Seating {
  const width = Math.round(Math.min(280, Math.max(128, room.width * 0.2)));
  const tile = { width, height: Math.round(width / WIDE) };
  const seatsIn = (height: number) => Math.max(1, Math.floor((height + GAP) / (tile.height + GAP)));
  const all = seatsIn(room.height);
  return { tile, columns: 1, seats: count <= all ? all : seatsIn(room.height - PAGER) };
}

function below(room: Size, count: number, isScreen: boolean): Seating {
  // A screen lies: it leaves more room than a strip needs, and the others make a grid of it.
  if (isScreen) return gridFor({ width: room.width, height: room.height - GAP - room.width * 0.75 }, count);
  const columns = room.width < 480 ? 3 : 4;
  const width = Math.floor((room.width - GAP * (columns - 1)) / columns);
  return { tile: { width, height: Math.round(width / 1.25) }, columns, seats: columns };
}
