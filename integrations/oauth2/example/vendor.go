package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A vendor has an API and a token endpoint. An access token is good for a second, and a refresh token
// for one use: a second one would end the session.
type vendor struct {
	out    io.Writer
	server *http.Server
	url    string

	mu        sync.Mutex
	issued    int
	expires   time.Time
	isRevoked bool
	twice     int // refresh tokens that were used twice
	contacts  int
	rejected  int // calls
}

// open starts a vendor on this machine.
func open(ctx context.Context, out io.Writer) (*vendor, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	v := &vendor{out: out, url: "http://" + l.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", v.token)
	mux.HandleFunc("POST /contacts", v.create)
	v.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = v.server.Serve(l) }() // until close
	return v, nil
}

func (v *vendor) close() { _ = v.server.Close() }

func (v *vendor) token(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if used := r.PostFormValue("refresh_token"); used != fmt.Sprint("refresh-", v.issued) {
		v.twice++
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": "invalid_grant"}`)
		return
	}
	v.issued++
	v.expires, v.isRevoked = time.Now().Add(time.Second), false
	fmt.Fprintf(v.out, "vendor: issues access-%d and refresh-%[1]d\n", v.issued)
	fmt.Fprintf(w, `{"access_token": "access-%d", "refresh_token": "refresh-%[1]d", "expires_in": 1}`, v.issued)
}

func (v *vendor) create(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.isRevoked || r.Header.Get("Authorization") != fmt.Sprint("Bearer access-", v.issued) || time.Now().After(v.expires) {
		v.rejected++
		fmt.Fprintln(v.out, "vendor: rejects a token")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	v.contacts++
	fmt.Fprint(w, "{}")
}

// revoke ends the current access token before its time.
func (v *vendor) revoke() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.isRevoked = true
	fmt.Fprintf(v.out, "vendor: revokes access-%d\n", v.issued)
}

func (v *vendor) report(out io.Writer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fmt.Fprintf(out, "vendor: %d contacts, %d calls rejected, %d refresh tokens used twice\n", v.contacts, v.rejected, v.twice)
}
