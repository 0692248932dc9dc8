import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';

/** To a line of the configuration. Nothing for what nobody has written. */
export function Line({ at }: { at: { line: number } | undefined }) {
  if (!at?.line) return null;
  return (
    <Anchor
      renderRoot={(props) => <Link to="/config" search={{ line: at.line }} {...props} />}
      size="sm"
      underline="always"
    >
      line {at.line}
    </Anchor>
  );
}
