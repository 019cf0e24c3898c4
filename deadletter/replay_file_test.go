package deadletter_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
)

func TestReplayRunsOneAtATime(t *testing.T) {
	name := newFile(t)
	w := open(t, name)
	write(t, w, deadletter.Letter{Applied: no})
	_, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{Send: func(ctx context.Context, _ deadletter.Letter) error {
		_, err := deadletter.Replay(ctx, w, deadletter.ReplayOptions{Send: func(context.Context, deadletter.Letter) error { return nil }})
		if err == nil || err.Error() != "deadletter: a replay of "+name+" is under way" {
			t.Errorf("error %v", err)
		}
		return nil
	}})
	if err != nil {
		t.Error(err)
	}
}

// If the file fails, Replay ends, and what may have been sent is in doubt.
func TestReplayWithoutItsFile(t *testing.T) {
	for name, tt := range map[string]struct {
		letter deadletter.Letter
		spoils string // the function that spoils the file
	}{
		"before it sends":      {deadletter.Letter{Applied: no}, "select"},
		"after a look-up":      {deadletter.Letter{}, "look up"},
		"before it is settled": {deadletter.Letter{Applied: no}, "send"},
	} {
		t.Run(name, func(t *testing.T) {
			file := newFile(t)
			w := open(t, file)
			write(t, w, tt.letter, deadletter.Letter{Applied: no})
			spoil := func(by string) {
				if by == tt.spoils {
					_ = w.Close()
				}
			}
			sent := 0
			_, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{
				Select: func(deadletter.Letter) bool { spoil("select"); return true },
				Send:   func(context.Context, deadletter.Letter) error { sent++; spoil("send"); return nil },
				LookUp: func(context.Context, deadletter.Letter) (apierrors.Applied, error) { spoil("look up"); return no, nil },
			})
			left, problem := read(file)
			if !errors.Is(err, os.ErrClosed) || sent > 1 || len(left) != 2 || problem != nil || left[0].InDoubt() != (tt.spoils != "select") {
				t.Errorf("error %v, %d sent, left %+v, %v", err, sent, left, problem)
			}
		})
	}
}

// A file that is damaged is not replayed, as it does not say what was sent.
func TestReplayOfADamagedFile(t *testing.T) {
	file := newFile(t)
	w := open(t, file)
	write(t, w, deadletter.Letter{Applied: no})
	appendText(t, file, "damaged\n")
	_, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{Send: func(context.Context, deadletter.Letter) error {
		t.Error("it was sent")
		return nil
	}})
	if err == nil || !strings.Contains(err.Error(), file+":2:1: expected a JSON object") || !strings.HasSuffix(text(t, file), "damaged\n") {
		t.Errorf("error %v, file:\n%s", err, text(t, file))
	}
}

// A mended letter has the caller's payload, and the same is true after a crash before it is sent.
func TestReplayNotesWhatWasMended(t *testing.T) {
	file := newFile(t)
	w := open(t, file)
	write(t, w, deadletter.Letter{Record: "P-1", Applied: no, Action: apierrors.Surface, Class: apierrors.Validation, Payload: json.RawMessage(`"bad"`)})
	_, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{
		Mend: func(l deadletter.Letter) (deadletter.Letter, bool) {
			l.Payload = json.RawMessage(`"good"`)
			return l, true
		},
		Send: func(context.Context, deadletter.Letter) error {
			during, err := read(file)
			if err != nil || len(during) != 1 || string(during[0].Payload) != `"good"` || during[0].Begun.IsZero() {
				t.Errorf("while it is sent: %+v, %v", during, err)
			}
			return nil
		},
	})
	if err != nil {
		t.Error(err)
	}
	wantLetters(t, file, nil)
}
