package workload

import (
	"context"
	"fmt"

	"parley/bench/client"
)

// finishID marks the request that ends listening.
const finishID = "finish"

// listen reads from all sessions, each until the answer to askToFinish comes:
// that shows that the session lived to the end. A message is an error.
func (all sessions) listen(ctx context.Context) error {
	return together(ctx, len(all), all.cut, func(_ context.Context, i int) error {
		for {
			st, err := all[i].Next()
			switch {
			case err != nil:
				return err
			case st.Kind == client.IQ && string(st.Attr("id")) == finishID:
				return nil
			case st.Kind == client.Message:
				return fmt.Errorf("%s receives a message that nobody sent: %s", all[i].JID, st.Raw)
			}
		}
	})
}

func (all sessions) askToFinish() error {
	for _, s := range all {
		ask := "<iq" + s.Conn.Namespace() + " type='get' id='" + finishID + "'><ping xmlns='urn:xmpp:ping'/></iq>"
		if err := s.Conn.Send([]byte(ask)); err != nil {
			return fmt.Errorf("%s: %w", s.JID, err)
		}
	}
	return nil
}
