/** Every number, size and time that people read, as text: the same in the window and in reports. */
export * from '../../src-shared/format.ts';
