// Before the first paint: dark or light, as chosen or as the system says. A file of its own because
// the page's policy allows no script inside it.
(() => {
  let chosen = 'auto';
  try {
    chosen = localStorage.getItem('agentgateway-color-scheme') || 'auto';
  } catch {
    // No storage: as the system says.
  }
  const dark = chosen === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
