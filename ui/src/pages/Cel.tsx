export function Cel() {
  return null;
}
