import { defineConfig } from 'vite';

export default defineConfig({
  resolve: { dedupe: ['@grafana/data'] }, // one context for the theme
  base: './',
  esbuild: { jsx: 'automatic' },
  define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  build: { chunkSizeWarningLimit: 20000, minify: false, sourcemap: false, target: 'es2022' },
  logLevel: 'error',
});
