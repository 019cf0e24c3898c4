package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// A process is one of the fleet.
type process struct {
	Name   string
	URL    string // of the vendor
	Redis  string // address; empty: the processes share Folder
	Prefix string // of keys
	Folder string
	Until  time.Time // when workers end
}

const variable = "RETRYWISE_FLEET_PROCESS"

func (p process) environment() (string, error) {
	text, err := json.Marshal(p)
	return variable + "=" + string(text), err
}

func processFromEnvironment() (p process, ok bool) {
	text := os.Getenv(variable)
	return p, text != "" && json.Unmarshal([]byte(text), &p) == nil
}

// run makes calls until the vendor wants a pause that is too long to wait for.
func (p process) run(ctx context.Context) error {
	store, closeStore, err := p.open(ctx)
	if err != nil {
		return err
	}
	fleet := traffic.NewFleet(store, traffic.FleetOptions{})
	limit := policy.Limit{Name: "calls", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 50, Per: time.Second}, Burst: 5}
	c, err := client.New(client.Config{
		BaseURL: p.URL, Traffic: fleet, Policy: new(policy.Default().WithLimit(limit)),
		UserAgent: strings.ReplaceAll(p.Name, " ", "-"),
	})
	if err != nil {
		return err
	}
	for calls := 0; ; calls++ {
		_, err := client.Do[map[string]any](ctx, c, client.Call{Path: "/items"})
		if at, isLater := apierrors.RetryAt(err); isLater {
			fmt.Fprintf(os.Stdout, "%s: after %d calls, run again in %v\n", p.Name, calls, time.Until(at).Round(time.Minute))
			break
		}
		if err != nil {
			return err
		}
		if time.Now().After(p.Until) {
			break
		}
	}
	return errors.Join(c.Close(), fleet.Close(), closeStore())
}

// open opens what the processes share.
func (p process) open(ctx context.Context) (store traffic.Store, closeStore func() error, err error) {
	if p.Redis == "" {
		store, err = traffic.OpenFolder(p.Folder)
		return store, func() error { return nil }, err
	}
	rdb := redis.NewClient(&redis.Options{Addr: p.Redis, ContextTimeoutEnabled: true})
	store, err = retrywiseredis.New(ctx, retrywiseredis.GoRedis(rdb), retrywiseredis.Options{Prefix: p.Prefix})
	return store, rdb.Close, err
}
