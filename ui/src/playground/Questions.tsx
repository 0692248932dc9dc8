import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { CircleHelp } from 'lucide-react';
import { useState } from 'react';
import { Code } from '../parts/feedback';
import { type FormState, formError, SchemaForm, valuesOf } from './SchemaForm';
import { argumentsOf, initialOf, type Schema } from './schema';
import type { Question } from './session';

/** Only web addresses are offered; the host is shown, and the page behind learns nothing about this one. */
function webAddress(text: unknown): URL | null {
  try {
    const url = new URL(String(text));
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
  } catch {
    return null;
  }
}

function Elicitation({ question }: { question: Question }) {
  const schema = question.params.requestedSchema as Schema | undefined;
  const [form, setForm] = useState<FormState>(() => ({ values: initialOf(schema), isJson: false, text: '' }));
  const isUrl = question.params.mode === 'url';
  const url = isUrl ? webAddress(question.params.url) : null;
  const error = isUrl ? '' : formError(schema, form);
  const accept = () =>
    question.answer(
      isUrl ? { action: 'accept' } : { action: 'accept', content: argumentsOf(schema, valuesOf(form)) },
    );
  return (
    <Stack gap="sm">
      <Text size="sm" className="wrap">
        {String(question.params.message ?? '')}
      </Text>
      {isUrl &&
        (url ? (
          <Text size="sm">
            It asks you to open an address at <b>{url.host}</b>:{' '}
            <a href={url.href} target="_blank" rel="noopener noreferrer">
              {url.href}
            </a>
          </Text>
        ) : (
          <Text size="sm">
            The address that it names is none to open:{' '}
            <span className="mono">{String(question.params.url)}</span>
          </Text>
        ))}
      {!isUrl && <SchemaForm schema={schema} state={form} onChange={setForm} />}
      <Group gap="xs">
        <Button size="xs" onClick={accept} disabled={error !== ''}>
          Accept
        </Button>
        <Button size="xs" variant="default" onClick={() => question.answer({ action: 'decline' })}>
          Decline
        </Button>
        <Button size="xs" variant="default" onClick={() => question.answer({ action: 'cancel' })}>
          Cancel
        </Button>
        <Text size="sm">{error}</Text>
      </Group>
    </Stack>
  );
}

function Sampling({ question }: { question: Question }) {
  const [text, setText] = useState('');
  const answer = () =>
    question.answer({
      role: 'assistant',
      model: 'a person',
      stopReason: 'endTurn',
      content: { type: 'text', text },
    });
  return (
    <Stack gap="sm">
      <Code
        label="What the model is asked"
        text={JSON.stringify(question.params.messages ?? question.params, null, 2)}
      />
      <Textarea
        label="Answer as the model"
        autosize
        minRows={2}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group gap="xs">
        <Button size="xs" onClick={answer}>
          Answer
        </Button>
        <Button size="xs" variant="default" onClick={() => question.refuse('The user has refused.')}>
          Refuse
        </Button>
      </Group>
    </Stack>
  );
}

const titles: Record<Question['method'], string> = {
  'elicitation/create': 'The server asks for something',
  'sampling/createMessage': 'The server asks the model of the client',
};

/** Questions of the server, answered here; the call that caused them waits. */
export function Questions({ questions }: { questions: Question[] }) {
  return (
    <div aria-live="polite">
      {questions.map((question) => (
        <Alert
          key={question.id}
          variant="light"
          color="indigo"
          mb="sm"
          title={titles[question.method]}
          icon={<CircleHelp size={18} />}
        >
          {question.method === 'elicitation/create' && <Elicitation question={question} />}
          {question.method === 'sampling/createMessage' && <Sampling question={question} />}
        </Alert>
      ))}
    </div>
  );
}
