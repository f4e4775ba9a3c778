// The image that is searched for, and the box around the part that counts.

import { find } from "./elements.js";

const LEAST = 8; // pixels of the image; smaller boxes are slips of the hand

/** Let a person draw a box on the stage; `changed` is called when it is drawn. */
export class Crop {
  constructor(changed) {
    this.changed = changed;
    this.box = null; // left, top, right, bottom in pixels of the image
    this.image = find("picture");
    this.stage = find("stage");
    this.start = null;
    this.stage.addEventListener("pointerdown", (event) => this.begin(event));
    this.stage.addEventListener("pointermove", (event) => this.move(event));
    this.stage.addEventListener("pointerup", () => this.end());
    this.stage.addEventListener("pointercancel", () => this.end());
    this.stage.addEventListener("keydown", (event) => this.key(event));
    find("pick").addEventListener("click", () => this.setPicking(!this.isPicking));
    find("whole").addEventListener("click", () => this.clear());
    addEventListener("resize", () => this.draw());
  }

  get isPicking() {
    return find("pick").getAttribute("aria-pressed") === "true";
  }

  /** On a touch screen the finger scrolls, unless a part is being picked. */
  setPicking(isPicking) {
    find("pick").setAttribute("aria-pressed", String(isPicking));
    this.stage.classList.toggle("picking", isPicking);
  }

  async show(file) {
    URL.revokeObjectURL(this.image.src);
    this.box = null;
    this.image.src = URL.createObjectURL(file);
    await this.image.decode();
    find("frame").hidden = false;
    find("drop").hidden = true;
    this.draw();
  }

  clear() {
    this.box = null;
    this.draw();
    this.changed();
  }

  begin(event) {
    if (event.pointerType === "touch" && !this.isPicking) return;
    event.preventDefault();
    this.stage.focus();
    this.stage.setPointerCapture(event.pointerId);
    this.start = this.place(event);
  }

  move(event) {
    if (!this.start) return;
    const [x, y] = this.place(event);
    const [a, b] = this.start;
    this.box = [Math.min(a, x), Math.min(b, y), Math.max(a, x), Math.max(b, y)];
    this.draw();
  }

  end() {
    if (!this.start) return;
    this.start = null;
    if (!this.box) return;
    const [left, top, right, bottom] = this.box;
    if (right - left < LEAST || bottom - top < LEAST) {
      this.box = null;
      this.draw();
      return;
    }
    this.setPicking(false);
    this.changed();
  }

  key(event) {
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const step = Math.max(1, Math.round(Math.max(width, height) / 50));
    const [x, y] =
      { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [];
    if (x !== undefined) {
      this.box ??= [0.25 * width, 0.1 * height, 0.75 * width, 0.9 * height].map(Math.round);
      const [left, top, right, bottom] = this.box;
      this.box = event.shiftKey
        ? [left, top, Math.max(left + LEAST, right + x), Math.max(top + LEAST, bottom + y)]
        : [left + x, top + y, right + x, bottom + y];
      this.keepInside(width, height);
      this.draw();
    } else if (event.key === "Enter") this.changed();
    else if (event.key === "Escape" && this.box) this.clear();
    else return;
    event.preventDefault();
  }

  keepInside(width, height) {
    const [left, top, right, bottom] = this.box;
    const x = Math.max(-left, Math.min(0, width - right));
    const y = Math.max(-top, Math.min(0, height - bottom));
    this.box = [left + x, top + y, Math.min(right + x, width), Math.min(bottom + y, height)];
  }

  /** Pixel of the image under the pointer. */
  place(event) {
    const shown = this.image.getBoundingClientRect();
    const x = (event.clientX - shown.left) / shown.width;
    const y = (event.clientY - shown.top) / shown.height;
    const inside = (value) => Math.max(0, Math.min(1, value));
    return [Math.round(inside(x) * this.image.naturalWidth), Math.round(inside(y) * this.image.naturalHeight)];
  }

  draw() {
    const mark = find("box");
    mark.hidden = !this.box;
    find("whole").hidden = !this.box;
    if (!this.box) return;
    const [left, top, right, bottom] = this.box;
    const { naturalWidth: width, naturalHeight: height } = this.image;
    mark.style.left = `${(100 * left) / width}%`;
    mark.style.top = `${(100 * top) / height}%`;
    mark.style.width = `${(100 * (right - left)) / width}%`;
    mark.style.height = `${(100 * (bottom - top)) / height}%`;
  }
}
