/** Rises when a record's meaning changes; folders of another version are refused, not misread. */
export const SCHEMA_VERSION = 1;
