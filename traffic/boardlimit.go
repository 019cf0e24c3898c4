package traffic

import "time"

// A boardLimit is a limit that processes share.
type boardLimit struct {
	Closed micros            `json:"closed,omitempty"` // nobody sends a request until then
	Pace   boardPace         `json:"pace,omitzero"`
	Rate   boardRate         `json:"rate,omitzero"`
	Window boardWindow       `json:"window,omitzero"`
	Slots  map[string]*lease `json:"slots,omitempty"`
	Until  micros            `json:"until"` // then it is as good as new
}

// keepTime is how long a limit is kept that was used: a new one begins empty.
const keepTime = time.Minute

// take grants units and slots of the limit.
func (l *boardLimit) take(now micros, process string, t Take) Grant {
	if t.Close > 0 {
		l.Closed = max(l.Closed, now+asMicros(t.Close))
	}
	g := Grant{Closed: asDuration(l.Closed - now), Hold: l.hold(now, process, t)}
	l.Pace.learn(now, l.Closed, process, t, &g)
	t = l.Pace.apply(t)
	l.Rate.turn(now, t)
	l.Pace.empty(now, l.Closed, &l.Rate, t)
	l.Window.turn(now, t)
	l.Rate.giveBack(now, t)
	l.Window.giveBack(now, t)
	if g.Closed == 0 {
		l.grant(now, t, &g)
	}
	l.Until = max(l.Until, l.Rate.Next, max(now, l.Closed)+asMicros(t.Window+keepTime))
	return g
}

// grant grants units: as many as the window has, when the rate lets them.
func (l *boardLimit) grant(now micros, t Take, g *Grant) {
	free, wait := l.Window.free(now, t)
	l.Rate.take(now, t, free, g)
	if g.Now+g.Later == free && free < t.Want {
		g.Wait = wait
	}
	l.Window.use(now, t, *g)
}
