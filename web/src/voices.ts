// Notes that sound at once. What is let go falls away, and where there are too many the oldest gives way, without a click.

export const POLYPHONY = 16;
const RISE = 0.001; // s
const RELEASE = 0.06; // time constant of a note that is let go, s
const CUT = 0.003; // of one that gives way

/** What a note is made of: its samples, which may go round, and how fast they are played. */
export interface Take {
  buffer: AudioBuffer;
  /** Begin and end of what goes round, s. */
  loop: [number, number] | null;
  /** Semitones that are left to the player. */
  semitones: number;
}

export interface Output {
  context: BaseAudioContext;
  into: AudioNode;
}

interface Voice {
  note: number;
  source: AudioBufferSourceNode;
  gain: GainNode;
  cents: number;
  rings: boolean;
  /** Whether its key is down. */
  held: boolean;
  fading: boolean;
}

export class Voices {
  private voices: Voice[] = [];
  private cents = 0;
  private sustained = false;

  constructor(private readonly open: () => Output) {}

  /** Notes that sound, those that fade among them. */
  get sounding(): number {
    return this.voices.length;
  }

  on(note: number, { buffer, loop, semitones }: Take, gain: number): void {
    const { context, into } = this.open();
    for (const voice of this.voices) if (voice.note === note) this.fade(voice, CUT);
    this.makeRoom();
    const source = context.createBufferSource();
    source.buffer = buffer;
    if (loop) [source.loop, source.loopStart, source.loopEnd] = [true, ...loop];
    const level = context.createGain();
    level.gain.setValueAtTime(0, context.currentTime);
    level.gain.linearRampToValueAtTime(gain, context.currentTime + RISE);
    source.connect(level).connect(into);
    const voice = { note, source, gain: level, cents: 100 * semitones, rings: !loop, held: true, fading: false };
    source.playbackRate.value = this.rate(voice);
    source.onended = () => (this.voices = this.voices.filter((other) => other !== voice));
    source.start(context.currentTime);
    this.voices.push(voice);
  }

  /** A single event rings on when its key is let go; what goes round ends. */
  off(note: number): void {
    for (const voice of this.voices) {
      if (voice.note !== note) continue;
      voice.held = false;
      if (!voice.rings && !this.sustained) this.fade(voice, RELEASE);
    }
  }

  bend(semitones: number): void {
    this.cents = 100 * semitones;
    for (const voice of this.voices) voice.source.playbackRate.value = this.rate(voice);
  }

  sustain(down: boolean): void {
    this.sustained = down;
    if (down) return;
    for (const voice of this.voices) if (!voice.held && !voice.rings) this.fade(voice, RELEASE);
  }

  silence(): void {
    this.sustained = false;
    for (const voice of this.voices) this.fade(voice, CUT);
  }

  /** By the rate: Safari's sources have no detune. */
  private rate({ cents }: Voice): number {
    return 2 ** ((cents + this.cents) / 1200);
  }

  /** Those that fade do so first, then the oldest. */
  private makeRoom(): void {
    const sounding = this.voices.filter((voice) => !voice.fading);
    for (const voice of sounding.slice(0, Math.max(sounding.length - POLYPHONY + 1, 0))) this.fade(voice, CUT);
  }

  private fade(voice: Voice, constant: number): void {
    if (voice.fading && constant >= RELEASE) return;
    voice.fading = true;
    const { currentTime } = this.open().context;
    voice.gain.gain.cancelScheduledValues(currentTime);
    voice.gain.gain.setTargetAtTime(0, currentTime, constant);
    voice.source.stop(currentTime + 8 * constant);
  }
}
