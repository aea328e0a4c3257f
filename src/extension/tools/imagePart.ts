/** Makes a part of an answer from an image; releases of VS Code after the oldest we run in have it. */
interface DataPartClass {
  image(bytes: Uint8Array, mimeType: string): unknown;
}

/** An image as the running editor passes it to models, or nothing where it cannot. */
export function imagePart(
  editor: object,
  image: { readonly bytes: Uint8Array; readonly mimeType: string },
): unknown {
  const found: unknown = Reflect.get(editor, 'LanguageModelDataPart');
  return isDataPartClass(found) ? found.image(image.bytes, image.mimeType) : undefined;
}

function isDataPartClass(value: unknown): value is DataPartClass {
  return typeof value === 'function' && 'image' in value && typeof value.image === 'function';
}
