package client_test

import (
	"context"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
)

// renewable is a RenewableBearer whose tokens have no known expiry.
func renewable(token string, renew func(context.Context) (string, error)) client.Auth {
	return client.RenewableBearer(token, func(ctx context.Context) (string, time.Time, error) {
		token, err := renew(ctx)
		return token, time.Time{}, err
	})
}

// guarded responds to every token except "new" with 401.
func guarded() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}
