package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// pause is how long the vendor takes no requests once it has executed a quarter of the jobs.
const pause = 5 * time.Second

// A vendor creates contacts. It refuses one, and the response about another one is lost.
type vendor struct {
	retrywisetest.Ledger
	mu    sync.Mutex
	opens time.Time // after the pause; zero: it has not begun
}

func (v *vendor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /contacts", v.create)
	mux.HandleFunc("GET /contacts/{id}", v.read)
	return mux
}

func (v *vendor) create(w http.ResponseWriter, r *http.Request) {
	var c contact
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		retrywisetest.Status(http.StatusBadRequest)(w, r)
		return
	}
	if left := v.closedFor(); left > 0 {
		retrywisetest.Status(http.StatusTooManyRequests, "Retry-After", strconv.Itoa(int(left/time.Second)+1))(w, r)
		return
	}
	if c.ID == "C-7" {
		retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`)(w, r)
		return
	}
	v.Record(c.ID, nil)
	if c.ID == "C-13" {
		retrywisetest.Reset()(w, r)
		return
	}
	retrywisetest.Status(http.StatusCreated)(w, r)
}

func (v *vendor) read(w http.ResponseWriter, r *http.Request) {
	status := http.StatusOK
	if v.Count(r.PathValue("id")) == 0 {
		status = http.StatusNotFound
	}
	retrywisetest.JSON(status, `{}`)(w, r)
}

// closedFor returns how long the vendor takes no requests.
func (v *vendor) closedFor() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.opens.IsZero() && v.Total() >= count/4 {
		v.opens = time.Now().Add(pause)
	}
	return time.Until(v.opens)
}
