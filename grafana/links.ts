/** From a row that has a column `device`, for the same time. */
export const TO_EVENTS = `/d/passerby-events?var-device=\${__data.fields.device}&\${__url_time_range}`;

/**
 * From below Grafana's path to the console at the same front. Grafana puts its own path before links that begin with a
 * slash; and no link leads above the root, however often it goes up.
 */
export const TO_SNAPSHOT = `../../../../../api/events/\${__data.fields.number}/snapshot?inline=true`;
