import { WebSocket } from 'ws';

// The DOM's own stand-in loses what is sent just before a close; a browser does not.
globalThis.WebSocket = WebSocket as unknown as typeof globalThis.WebSocket;
