/** One field of a line of comma-separated values, as Go's encoding/csv reads it. */
export const csv = (field: string): string => (/[",\s]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
