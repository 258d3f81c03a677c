/**
 * What the view says of the recording. PURE.
 *
 * @import {View} from "../../room/view.js"
 * @typedef {{on?: boolean, deleted: boolean, keeps_sealed: boolean, files?: string[]}} RecordingView
 */
import { isOver } from "../../room/view.js";

/** @param {View|null} view @returns {RecordingView} */
export function recordingOf(view) {
  return view?.features.recording ?? { deleted: false, keeps_sealed: false };
}

/** Which sentences say how things stand, by their ids. @param {View|null} view */
export function sentence(view) {
  if (!view) return "";
  const recording = recordingOf(view);
  if (recording.deleted) return "recording.deleted";
  if (recording.on === false) return "recording.off";
  const { state, on_air_since_ms } = view.room;
  if (!isOver(view)) return `recording.runs.${state}${view.you.role === "host" ? " recording.later" : ""}`;
  if (on_air_since_ms === null) return "recording.over.none";
  if (recording.files?.length === 0) return "recording.over.empty";
  return state === "replay" ? "recording.over.ready" : "recording.over.building";
}
