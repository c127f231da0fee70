/** Entry of the window: connects to the app and puts the pages on screen. */
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './app.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { connect } from './client.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element #root');
const { api, connection, sendFile } = connect(window);
createRoot(root).render(
  <StrictMode>
    <App api={api} connection={connection} sendFile={sendFile} />
  </StrictMode>,
);
