package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A vendor executes orders. After the 20th request it takes none for six seconds, and every
// seventh order that it takes meets a fault.
type vendor struct {
	server *retrywisetest.Server
	ledger retrywisetest.Ledger

	mu       sync.Mutex
	requests int
	opens    time.Time
}

func startVendor() (*vendor, error) {
	v := &vendor{}
	faults := retrywisetest.Faults{Plan: retrywisetest.Seeded(1, 1.0/7, retrywisetest.Unavailable, retrywisetest.ResetAfter, "refused"),
		Answers: map[retrywisetest.Fault]retrywisetest.Answer{"refused": retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`)}}
	mux := http.NewServeMux()
	mux.Handle("POST /orders", faults.Handler(http.HandlerFunc(v.create)))
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		if v.ledger.Count(r.PathValue("id")) == 0 {
			status = http.StatusNotFound
		}
		retrywisetest.JSON(status, `{}`)(w, r)
	})
	var err error
	v.server, err = retrywisetest.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := v.wait(); wait > 0 {
			retrywisetest.JSON(http.StatusTooManyRequests, `{}`, "Retry-After", strconv.Itoa(wait))(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	return v, err
}

func (v *vendor) create(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	v.ledger.Record(o.ID, nil)
	retrywisetest.JSON(http.StatusCreated, `{}`)(w, r)
}

// wait returns for how many more seconds the vendor takes no requests.
func (v *vendor) wait() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.requests++; v.requests == 20 {
		v.opens = time.Now().Add(6 * time.Second)
	}
	return int(max(time.Until(v.opens)+time.Second-1, 0) / time.Second)
}
