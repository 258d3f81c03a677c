// Which tag is which class, for tsc.
import type { AlarmBar } from "./alarm-bar.js";
import type { CountIn } from "./count-in.js";
import type { DevicePicker } from "./device-picker.js";
import type { HandsQueue } from "./hands-queue.js";
import type { LevelMeter } from "./level-meter.js";
import type { PersonCard } from "./person-card.js";
import type { RoomClock } from "./room-clock.js";
import type { TallyLamp } from "./tally-lamp.js";
import type { VoiceLine } from "./voice-line.js";

declare global {
  interface HTMLElementTagNameMap {
    "alarm-bar": AlarmBar;
    "count-in": CountIn;
    "device-picker": DevicePicker;
    "hands-queue": HandsQueue;
    "level-meter": LevelMeter;
    "person-card": PersonCard;
    "room-clock": RoomClock;
    "tally-lamp": TallyLamp;
    "voice-line": VoiceLine;
  }
}
