// Generated from the *.avsc files beside it by `npm run schemas`: change those, not this.

/** What a capture time rests on, best first. */
export type TimeQuality = 'ntp' | 'uptime' | 'device' | 'arrival';

/** Whether frames came in time or late, which decides whose state they meet. */
export type Lane = 'live' | 'backlog';

/** One stored camera frame, appended after its picture is in the blob store. */
export interface Frame {
  /** UUIDv5 of device, epoch and seq, so that a retried upload has the same id. */
  readonly frame_id: string;
  /** The device: a UUID or a chosen slug such as camera-1. */
  readonly device_id: string;
  /** Grows when the device is activated anew, never at a reboot. */
  readonly epoch: number;
  /** The frame's number within its epoch. */
  readonly seq: number;
  /** When the picture was taken, in server time, fixed at acceptance. */
  readonly captured_at: number;
  /** The time as the device stated it, in milliseconds since 1970 or since its boot. */
  readonly device_time: number | null;
  /** What captured_at rests on. */
  readonly time_quality: TimeQuality;
  /** When the server accepted the upload. */
  readonly received_at: number;
  /** Where the picture lies in the blob store. */
  readonly blob_key: string;
  /** The picture's size. */
  readonly size_bytes: number;
  /** The picture's SHA-256. */
  readonly sha256: Buffer;
  /** The dialect the frame was uploaded in, such as upload. */
  readonly source: string;
  /** Whether the frame came in time or late. */
  readonly lane: Lane;
}

/** From here on this configuration applies. */
export interface ConfigurationControl {
  readonly kind: 'ConfigurationControl';
  /** The configuration's version, which grows. */
  readonly version: number;
  /** The whole configuration as JSON. */
  readonly settings_json: string;
}

/** Event time has reached this moment although no frame says so, which closes what a silent device left open. */
export interface TickControl {
  readonly kind: 'TickControl';
  /** The moment that event time has reached. */
  readonly at: number;
}

/** A stored frame is to be analysed again. */
export interface RedriveControl {
  readonly kind: 'RedriveControl';
  /** The frame's id. */
  readonly frame_id: string;
  /** The frame's epoch. */
  readonly epoch: number;
  /** The frame's number within its epoch. */
  readonly seq: number;
  /** When the picture was taken. */
  readonly captured_at: number;
  /** What captured_at rests on. */
  readonly time_quality: TimeQuality;
  /** Where the picture lies in the blob store. */
  readonly blob_key: string;
  /** The picture's size as it was stored, or null to take whatever is there now. */
  readonly size_bytes: number | null;
  /** Its SHA-256 as it was stored, or null likewise. */
  readonly sha256: Buffer | null;
  /** Whether the frame came in time or late. */
  readonly lane: Lane;
}

/** State about a person, or about a span of time, is to be forgotten. */
export interface EraseControl {
  readonly kind: 'EraseControl';
  /** The erasure this carries out. */
  readonly erasure_id: string;
  /** Whom to forget, or null for everybody in the span. */
  readonly person_id: string | null;
  /** Where the span begins, or null for the beginning of time. */
  readonly from: number | null;
  /** Where the span ends, exclusive, or null for now and all that comes. */
  readonly to: number | null;
}

export type ControlBody =
  | ConfigurationControl
  | TickControl
  | RedriveControl
  | EraseControl;

/** What must take effect at a definite place among a device's frames. */
export interface Control {
  /** Names the control. No copy is dropped by it: what a control asks for must be such that a second one makes no difference by itself. */
  readonly control_id: string;
  /** The device among whose frames it stands. */
  readonly device_id: string;
  /** When it was asked for. */
  readonly issued_at: number;
  /** What is to take effect. */
  readonly body: ControlBody;
}

/** What became of a frame. */
export type Outcome = 'analysed' | 'skipped';

/** A rectangle in shares of the picture, 0 to 1, from its top left. */
export interface Box {
  /** The left edge. */
  readonly x: number;
  /** The top edge. */
  readonly y: number;
  /** The width. */
  readonly width: number;
  /** The height. */
  readonly height: number;
}

/** What moved between two frames. */
export interface FrameMotion {
  /** The share of the picture that changed, 0 to 1. */
  readonly score: number;
  /** Where it changed. */
  readonly boxes: readonly Box[];
}

/** One thing found in one frame. */
export interface SeenObject {
  /** What it is, such as person. */
  readonly class_name: string;
  /** How sure the detector is, 0 to 1. */
  readonly confidence: number;
  /** Where it is. */
  readonly box: Box;
  /** The track it was assigned to, if any. */
  readonly track_id: string | null;
}

/** What was seen in one frame, or why it was not looked at. */
export interface Observation {
  /** The frame's id. */
  readonly frame_id: string;
  /** The device that took it. */
  readonly device_id: string;
  /** The frame's epoch. */
  readonly epoch: number;
  /** The frame's number within its epoch. */
  readonly seq: number;
  /** When the picture was taken. */
  readonly captured_at: number;
  /** Whether the frame came in time or late. */
  readonly lane: Lane;
  /** Whether the frame was looked at. */
  readonly outcome: Outcome;
  /** Why the frame was skipped, as a stable code; of one that was analysed, why its motion says little or nothing (first-frame, relearnt, redriven). */
  readonly reason: string | null;
  /** The picture's width in pixels, 0 if unknown. */
  readonly width: number;
  /** The picture's height in pixels, 0 if unknown. */
  readonly height: number;
  /** What moved since the frame before, or null if that was not measured. */
  readonly motion: FrameMotion | null;
  /** What the detector found. */
  readonly objects: readonly SeenObject[];
  /** The detector's model and version, or null if it did not run. */
  readonly model: string | null;
  /** The configuration that applied, 0 for the built-in one. */
  readonly config_version: number;
}

/** What can happen; unknown is what an older reader makes of a newer type. */
export type EventType = 'visit' | 'zone_entered' | 'zone_left' | 'line_crossed' | 'loitering' | 'crowd' | 'motion' | 'detection' | 'tracking' | 'interaction_detected' | 'anpr' | 'device_online' | 'device_offline' | 'unknown';

/** How far a visit has come; a closed one can be opened again by a later version. */
export type VisitState = 'opened' | 'updated' | 'closed';

/** A person's stay; the event's occurred_at and ended_at are its bounds. */
export interface Visit {
  readonly kind: 'Visit';
  /** Who stayed. */
  readonly person_id: string;
  /** How far the visit has come. */
  readonly state: VisitState;
  /** How long they stayed, from first to last sight. */
  readonly dwell_ms: number;
  /** The stay cannot have been shorter. */
  readonly dwell_min_ms: number;
  /** The stay was not longer, as the frames around it say: as if they had come right after the frame before their first sight, and gone right before the one after the last. At most two minutes are allowed for on either side; before a camera's first frame, and for a pause right before or after the stay, nothing. */
  readonly dwell_max_ms: number;
  /** When they were last seen. */
  readonly last_seen_at: number | null;
  /** The newest track taken to be them. */
  readonly track_id: string | null;
  /** In how many frames they were seen. */
  readonly sightings: number;
  /** The surest of these sightings, 0 to 1. */
  readonly confidence: number | null;
  /** Where they are in the frame that shows it. */
  readonly box: Box | null;
}

/** A person entered a zone, or left it; of entering, the event's ended_at says when they left, once that is known. */
export interface ZoneChange {
  readonly kind: 'ZoneChange';
  /** The zone. */
  readonly zone_id: string;
  /** The zone's name at that time. */
  readonly zone_name: string;
  /** Who it was. */
  readonly person_id: string;
  /** How long they stayed in it, known once they left. */
  readonly stay_ms: number | null;
  /** Where they are in the frame that shows it. */
  readonly box: Box | null;
}

/** A person crossed a line. */
export interface LineCrossing {
  readonly kind: 'LineCrossing';
  /** The line. */
  readonly line_id: string;
  /** The line's name at that time. */
  readonly line_name: string;
  /** Who it was. */
  readonly person_id: string;
  /** Which way, in the words of the line's configuration, such as in and out. */
  readonly direction: string;
  /** Where they are in the frame that shows it. */
  readonly box: Box | null;
}

/** A person stayed in a zone longer than is allowed there. */
export interface Loitering {
  readonly kind: 'Loitering';
  /** The zone. */
  readonly zone_id: string;
  /** The zone's name at that time. */
  readonly zone_name: string;
  /** Who it was. */
  readonly person_id: string;
  /** How long they have stayed in it. */
  readonly stay_ms: number;
  /** Where they are in the frame that shows it. */
  readonly box: Box | null;
}

/** More people at once than is allowed. */
export interface Crowd {
  readonly kind: 'Crowd';
  /** The zone, or null for the whole picture. */
  readonly zone_id: string | null;
  /** The zone's name at that time. */
  readonly zone_name: string | null;
  /** The most people at once. */
  readonly people: number;
  /** How long it has lasted. */
  readonly lasted_ms: number;
}

/** Something moved, over one or more frames. */
export interface Motion {
  readonly kind: 'Motion';
  /** The mean share of the picture that changed, 0 to 1. */
  readonly score: number;
  /** The greatest share of the picture that changed, 0 to 1. */
  readonly peak_score: number;
  /** In how many frames something moved. */
  readonly frames: number;
  /** Where it changed, in the frame that changed most. */
  readonly boxes: readonly Box[];
}

/** The detector found something of a class of which nothing was seen for a while. */
export interface Detection {
  readonly kind: 'Detection';
  /** What it is, such as person. */
  readonly class_name: string;
  /** How sure the detector is, 0 to 1. */
  readonly confidence: number;
  /** Where it is. */
  readonly box: Box;
}

/** What became of a track; unknown is what an older reader makes of a newer action. */
export type TrackingAction = 'entered' | 'left' | 'unknown';

/** A track is sure for the first time, or it is over. */
export interface Tracking {
  readonly kind: 'Tracking';
  /** The track. */
  readonly track_id: string;
  /** What became of it. */
  readonly tracking_action: TrackingAction;
  /** What it is, such as person. */
  readonly class_name: string;
  /** How sure the detector is, 0 to 1. */
  readonly confidence: number;
  /** Where it is in the frame that shows it: of one that left, the last one. */
  readonly bounding_box: Box;
  /** Who it is taken to be. */
  readonly person_id: string | null;
}

/** Something in a zone, such as a shelf, is not as it was before a person stood there. */
export interface Interaction {
  readonly kind: 'Interaction';
  /** The zone, or null for the whole picture. */
  readonly zone_id: string | null;
  /** The zone's name at that time. */
  readonly zone_name: string | null;
  /** Who stood there, if known. */
  readonly person_id: string | null;
  /** The last undisturbed frame before. */
  readonly before_frame_id: string;
  /** The first undisturbed frame after. */
  readonly after_frame_id: string;
  /** How much of the zone has changed, 0 to 1. */
  readonly change_score: number;
}

/** A number plate was read. */
export interface Plate {
  readonly kind: 'Plate';
  /** What it says. */
  readonly text: string;
  /** How sure the reader is, 0 to 1. */
  readonly confidence: number;
  /** Where it is. */
  readonly box: Box;
}

/** A device went silent, or was heard again. */
export interface DeviceStatus {
  readonly kind: 'DeviceStatus';
  /** When it was last heard before. */
  readonly last_seen_at: number | null;
  /** Why, as a stable code, if known. */
  readonly reason: string | null;
}

/** For event types yet to come: a new branch here would break readers that exist, new JSON will not. */
export interface Other {
  readonly kind: 'Other';
  /** What is told, as a JSON object. */
  readonly data_json: string;
}

export type EventPayload =
  | Visit
  | ZoneChange
  | LineCrossing
  | Loitering
  | Crowd
  | Motion
  | Detection
  | Tracking
  | Interaction
  | Plate
  | DeviceStatus
  | Other;

/** Something that happened in front of a camera, or to it. */
export interface Event {
  /** Derived from what caused the event, so that a replay tells of the same one. */
  readonly event_id: string;
  /** The device. */
  readonly device_id: string;
  /** What happened. */
  readonly type: EventType;
  /** Grows each time the same event is told anew; the highest wins. */
  readonly version: number;
  /** When it happened or began, in event time, the same in every version. */
  readonly occurred_at: number;
  /** When it ended, or null while it lasts and for what has no duration. */
  readonly ended_at: number | null;
  /** The frame that shows it, if one does. */
  readonly frame_id: string | null;
  /** That frame's number within its epoch. */
  readonly frame_seq: number | null;
  /** Whether it was seen in frames that came in time or late. */
  readonly lane: Lane;
  /** What occurred_at rests on. */
  readonly time_quality: TimeQuality;
  /** The detector's model and version, or null if none had a part in it. */
  readonly model: string | null;
  /** The configuration that applied, 0 for the built-in one. */
  readonly config_version: number;
  /** What is told of it, by type. */
  readonly payload: EventPayload;
}

/** Frames with consecutive numbers. */
export interface SeqRange {
  /** The first. */
  readonly from_seq: number;
  /** The last, inclusive. */
  readonly to_seq: number;
}

/** How a device says it is doing. */
export interface Heartbeat {
  /** The device. */
  readonly device_id: string;
  /** When the server received it. */
  readonly received_at: number;
  /** Changes at every boot, which tells one uptime counter from the next. */
  readonly boot_id: string | null;
  /** Seconds since the device booted. */
  readonly uptime_s: number | null;
  /** Whether the device's clock is set. */
  readonly ntp_synced: boolean | null;
  /** The radio signal's strength in dBm. */
  readonly rssi: number | null;
  /** Free memory in bytes. */
  readonly free_heap: number | null;
  /** Free bytes on the device's card. */
  readonly sd_free_bytes: number | null;
  /** Frames that wait on the device to be uploaded. */
  readonly queue_depth: number | null;
  /** Frames the device gave up, so that their gaps are lost and not late. */
  readonly dropped_ranges: readonly SeqRange[] | null;
  /** The battery's voltage in millivolts. */
  readonly battery_mv: number | null;
  /** The device's temperature in degrees Celsius. */
  readonly temperature_c: number | null;
  /** The firmware's version. */
  readonly fw_version: string | null;
  /** The last error the device recorded. */
  readonly last_error: string | null;
  /** Fields the device sent beyond these, as a JSON object. */
  readonly extra_json: string;
}

/** A device's newest configuration. */
export interface DeviceConfig {
  /** The device. */
  readonly device_id: string;
  /** The configuration's version, which grows. */
  readonly version: number;
  /** When it was published. */
  readonly published_at: number;
  /** The whole configuration as JSON. */
  readonly settings_json: string;
}

/** The processor's state for one lane of one device, and the place in the log it stands at. */
export interface TrackerState {
  /** The device. */
  readonly device_id: string;
  /** The lane. */
  readonly lane: Lane;
  /** How the state's bytes are laid out. */
  readonly state_version: number;
  /** The input topic. */
  readonly topic: string;
  /** The input partition. */
  readonly partition: number;
  /** The input offset the group stands at: the next to read. */
  readonly offset: number;
  /** The next of the device's own to take, where that is past the offset because others were put off. */
  readonly taken_to: number | null;
  /** The state itself. */
  readonly state: Buffer;
}

/** An uploaded table file that is to be read. */
export interface Import {
  /** The upload. */
  readonly upload_id: string;
  /** The file's name as the user gave it. */
  readonly filename: string;
  /** The user who uploaded it, if known. */
  readonly uploader: string | null;
  /** When it was uploaded. */
  readonly uploaded_at: number;
  /** Where the file lies in the blob store. */
  readonly blob_key: string;
  /** The file's size. */
  readonly size_bytes: number;
  /** The file's SHA-256. */
  readonly sha256: Buffer;
  /** The file's media type, such as text/csv. */
  readonly content_type: string;
}

/** A record that could not be processed, kept whole so that it can be inspected and sent again. */
export interface DeadLetter {
  /** Derived from where the record lay, so that a retry tells of the same one. */
  readonly dead_letter_id: string;
  /** The device, if the record could be read so far. */
  readonly device_id: string | null;
  /** The topic the record lay in. */
  readonly topic: string;
  /** The partition it lay in. */
  readonly partition: number;
  /** Its offset there. */
  readonly offset: number;
  /** Its key. */
  readonly original_key: string;
  /** Its bytes, or null if it was a deletion. */
  readonly original_value: Buffer | null;
  /** Why it failed, as a stable kebab-case code. */
  readonly code: string;
  /** Why it failed, in words. */
  readonly message: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** When the failed record was appended, which unlike the time of failure is the same at every retry. */
  readonly recorded_at: number;
  /** The frame, if the record told of one. */
  readonly frame_id: string | null;
  /** When that frame was taken. */
  readonly captured_at: number | null;
}

/** How an attempt stands. */
export type AttemptState = 'running' | 'failed';

/** How a frame's analysis stands that is taking long or has failed. One may be missing, or come twice: what the analysis came to is told by the observation or the dead letter. */
export interface Attempt {
  /** The frame's id. */
  readonly frame_id: string;
  /** The device that took it. */
  readonly device_id: string;
  /** The frame's epoch. */
  readonly epoch: number;
  /** The frame's number within its epoch. */
  readonly seq: number;
  /** When the picture was taken. */
  readonly captured_at: number;
  /** Whether the frame came in time or late. */
  readonly lane: Lane;
  /** Whether the attempt is under way, or failed and is to be followed by another. */
  readonly state: AttemptState;
  /** How often the frame was tried, this attempt included, since its processor knows of it. */
  readonly attempts: number;
  /** Why the last attempt failed: a stable kebab-case code, and words after a colon. */
  readonly error: string | null;
  /** When this was told, by the clock of the service. */
  readonly at: number;
}

/** Each record that travels on its own, by the name of its file. */
export interface RecordTypes {
  readonly 'frame': Frame;
  readonly 'control': Control;
  readonly 'observation': Observation;
  readonly 'event': Event;
  readonly 'heartbeat': Heartbeat;
  readonly 'device-config': DeviceConfig;
  readonly 'tracker-state': TrackerState;
  readonly 'import': Import;
  readonly 'dead-letter': DeadLetter;
  readonly 'attempt': Attempt;
}

export type RecordName = keyof RecordTypes;
