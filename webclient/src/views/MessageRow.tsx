import { Component } from 'preact';
import { clock, full } from '../lib/time';
import type { Message, SendState } from '../store/model';
import { keyOf } from '../store/select';
import { Body } from './Body';
import { useApp } from './context';
import { Icon } from './icons';
import type { IconName } from './icons';

interface Props {
  message: Message;
  /** Whether it begins or ends a group of one side. */
  first: boolean;
  last: boolean;
  name: string;
}

/** One message. It is drawn again only when it changed: a timeline has thousands. */
export class MessageRow extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    const now = this.props;
    return next.message !== now.message || next.first !== now.first || next.last !== now.last || next.name !== now.name;
  }

  override render({ message: m, first, last, name }: Props) {
    return (
      <article data-key={keyOf(m)} class={`bubble-row ${m.mine ? 'mine' : 'theirs'}${first ? ' first' : ''}${last ? ' last' : ''}`}>
        <div class={`bubble${m.state === 'failed' ? ' failed' : ''}`}>
          <span class="hidden">{m.mine ? 'You' : name}: </span>
          <Body text={m.body} />
          <span class="meta">
            <time dateTime={new Date(m.at).toISOString()} title={full(m.at)}>{clock(m.at)}</time>
            {m.state && <Mark state={m.state} />}
          </span>
        </div>
        {m.state === 'failed' && <Bounce message={m} />}
      </article>
    );
  }
}

function Bounce({ message }: { message: Message }) {
  const app = useApp();
  return (
    <p class="bounce">
      <span>{message.error || 'Not delivered.'}</span>
      <button type="button" class="quiet" onClick={() => void app.chats.retry(message)}><Icon name="retry" size={16} /> Retry</button>
    </p>
  );
}

const marks: Record<SendState, { icon: IconName; label: string }> = {
  waiting: { icon: 'clock', label: 'Waiting to be sent' },
  sent: { icon: 'check', label: 'Stored by the server' },
  received: { icon: 'checks', label: 'Delivered' },
  failed: { icon: 'alert', label: 'Not delivered' },
};

function Mark({ state }: { state: SendState }) {
  return (
    <span class={`mark ${state}`} role="img" aria-label={marks[state].label} title={marks[state].label}>
      <Icon name={marks[state].icon} size={15} />
    </span>
  );
}
