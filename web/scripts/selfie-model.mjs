// Adds to the model that tells people from backgrounds what MediaPipe's image segmenter wants to know of it: that it takes
// colours between 0 and 1. The model in the npm package is the same as the one Google serves, but for this note.
//
// A model is a FlatBuffer: tables that point forward, to offsets from where the pointer stands. The note is written with
// a new root table in front of the old file, which moves as a whole, so that all pointers inside it stay right.

/** Writes the parts of a FlatBuffer one after the other; what a part points to comes behind it. */
class Writer {
  bytes = [];
  /** Pointers into what will stand behind: `[where, position there]`. */
  #outward = [];

  align(size, ahead = 0) {
    while ((this.bytes.length + ahead) % size !== 0) this.bytes.push(0);
  }

  u16(value) {
    this.bytes.push(value & 255, (value >> 8) & 255);
  }

  u32(value, at = this.bytes.length) {
    for (let i = 0; i < 4; i += 1) this.bytes[at + i] = (value >>> (8 * i)) & 255;
  }

  /** A pointer at `at` to what `part` writes now, or to a place in the old file. */
  #point(at, part) {
    if (typeof part === "number") this.#outward.push([at, part]);
    else this.u32(part(this) - at, at);
  }

  /** `fields` by their number: `{ byte }`, `{ word }` or `{ part }`. */
  table(fields) {
    const count = Math.max(...Object.keys(fields).map(Number)) + 1;
    this.align(4, (4 + 2 * count) % 4);
    const vtable = this.bytes.length;
    const size = 4 + 4 * Object.keys(fields).length;
    this.u16(4 + 2 * count);
    this.u16(size);
    let next = 4;
    const places = new Map();
    for (let i = 0; i < count; i += 1) {
      this.u16(fields[i] === undefined ? 0 : next);
      if (fields[i] !== undefined) places.set(i, next);
      if (fields[i] !== undefined) next += 4;
    }
    const start = this.bytes.length;
    this.u32(start - vtable);
    this.bytes.length = start + size;
    this.bytes.fill(0, start + 4);
    for (const [i, place] of places) this.u32(fields[i].word ?? fields[i].byte ?? 0, start + place);
    for (const [i, place] of places)
      if (fields[i].part !== undefined) this.#point(start + place, fields[i].part);
    return start;
  }

  tables(parts) {
    this.align(4);
    const start = this.bytes.length;
    this.u32(parts.length);
    for (let i = 0; i < parts.length; i += 1) this.u32(0);
    parts.forEach((part, i) => this.#point(start + 4 + 4 * i, part));
    return start;
  }

  floats(values) {
    this.align(4);
    const start = this.bytes.length;
    this.u32(values.length);
    this.bytes.push(...new Uint8Array(new Float32Array(values).buffer));
    return start;
  }

  string(text) {
    this.align(4);
    const start = this.bytes.length;
    const letters = [...new TextEncoder().encode(text)];
    this.u32(letters.length);
    this.bytes.push(...letters, 0);
    return start;
  }

  blob(content) {
    // What is in it must begin at a multiple of 16.
    this.align(16, 4);
    const start = this.bytes.length;
    this.u32(content.length);
    this.bytes.push(...content);
    return start;
  }

  /** Everything written, and `old` behind it. */
  before(old) {
    this.align(16);
    for (const [at, there] of this.#outward) this.u32(this.bytes.length + there - at, at);
    return Buffer.concat([Buffer.from(this.bytes), old]);
  }
}

/** Begins a file: the pointer to its root, and its mark. */
function file(mark, root) {
  const writer = new Writer();
  writer.u32(0);
  writer.bytes.push(...new TextEncoder().encode(mark));
  writer.u32(root(writer), 0);
  return writer;
}

const table = (fields) => ({ part: (writer) => writer.table(fields) });
const tables = (...all) => ({ part: (writer) => writer.tables(all.map(({ part }) => part)) });
const string = (text) => ({ part: (writer) => writer.string(text) });
const floats = (...values) => ({ part: (writer) => writer.floats(values) });

/** The note, by the numbers of TensorFlow's metadata_schema.fbs. */
function note() {
  const NORMALIZATION = 1;
  const IMAGE = 2;
  const RGB = 1;
  const input = table({
    0: string("image"),
    3: table({ 0: { byte: IMAGE }, 1: table({ 0: { byte: RGB } }) }),
    4: tables(table({ 0: { byte: NORMALIZATION }, 1: table({ 0: floats(0), 1: floats(255) }) })),
  });
  const output = table({ 0: string("mask") });
  const model = {
    0: string("selfie segmenter"),
    3: tables(table({ 2: tables(input), 3: tables(output) })),
    5: string("Apache License, Version 2.0"),
    7: string("1.0.0"),
  };
  return file("M001", (writer) => writer.table(model)).bytes;
}

/** The model with the note; by the numbers of TensorFlow's schema.fbs. */
export function withNote(model) {
  const [BUFFERS, METADATA] = [4, 6];
  const root = model.readUInt32LE(0);
  const vtable = root - model.readInt32LE(root);
  const places = Array.from({ length: (model.readUInt16LE(vtable) - 4) / 2 }, (_, i) =>
    model.readUInt16LE(vtable + 4 + 2 * i),
  );
  const pointed = (at) => at + model.readUInt32LE(at);
  const elements = (place) => {
    if (!place) return [];
    const vector = pointed(root + place);
    return Array.from({ length: model.readUInt32LE(vector) }, (_, i) => ({
      part: pointed(vector + 4 + 4 * i),
    }));
  };

  const fields = {};
  places.forEach((place, i) => {
    if (place)
      fields[i] = i === 0 ? { word: model.readUInt32LE(root + place) } : { part: pointed(root + place) };
  });
  const buffers = elements(places[BUFFERS]);
  const buffer = table({ 0: { part: (writer) => writer.blob(note()) } });
  const entry = table({ 0: string("TFLITE_METADATA"), 1: { word: buffers.length } });
  fields[BUFFERS] = tables(...buffers, buffer);
  fields[METADATA] = tables(...elements(places[METADATA]), entry);
  return file("TFL3", (writer) => writer.table(fields)).before(model);
}
