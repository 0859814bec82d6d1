const LINE_END = /\r\n|\r|\n/g;

/** The frame that closes an OpenAI stream. */
export const DONE_FRAME = Buffer.from('data: [DONE]\n\n');

/** One event as bytes. A line end in `data` starts a new data line, so that no text can end the event early. */
export function encodeSseData(data: string): Buffer {
  return Buffer.from(`data: ${data.replace(LINE_END, '\ndata: ')}\n\n`);
}

/** A comment as bytes: keeps a silent connection open and is skipped by every client. */
export function encodeSseComment(text: string): Buffer {
  return Buffer.from(`: ${text.replace(LINE_END, '\n: ')}\n\n`);
}
