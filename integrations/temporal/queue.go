package retrywisetemporal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// A Service is what a [Queue] needs of Temporal. It is what WorkflowService of a client returns.
type Service interface {
	DescribeTaskQueue(context.Context, *workflowservice.DescribeTaskQueueRequest, ...grpc.CallOption) (*workflowservice.DescribeTaskQueueResponse, error)
	UpdateTaskQueueConfig(context.Context, *workflowservice.UpdateTaskQueueConfigRequest, ...grpc.CallOption) (*workflowservice.UpdateTaskQueueConfigResponse, error)
}

// A Queue is the task queue of the activities whose calls belong to one account of a vendor. It is
// a jobs.Queue. While it is paused, its rate limit is zero, and the reason of the limit, which is
// shown beside it, says until when, and which limit was there before. Workflows go on.
//
// A rate of zero that somebody else has set is left alone, and so is a limit that is set during a
// pause.
type Queue struct {
	service   Service
	namespace string
	name      string
}

// NewQueue returns the task queue called name. The service is WorkflowService of a client, for
// that namespace.
func NewQueue(service Service, namespace, name string) *Queue {
	return &Queue{service: service, namespace: namespace, name: name}
}

// A pause is the reason of a rate limit of Pause, as JSON after pausePrefix.
type pause struct {
	Until time.Time `json:"until"`

	// The limit before the pause, and its reason. nil: there was none.
	Rate   *float32 `json:"rate_before,omitempty"`
	Reason string   `json:"reason_before,omitempty"`
}

const (
	identity    = "retrywise"
	pausePrefix = "paused by retrywise: "
	maxReason   = 800 // a server takes 1,000 bytes, with ours around them
)

// PausedUntil implements jobs.Queue.
func (q *Queue) PausedUntil(ctx context.Context) (time.Time, error) {
	limit, err := q.limit(ctx)
	if err != nil {
		return time.Time{}, err
	}
	p, _ := pauseOf(limit)
	return p.Until, nil
}

// Pause implements jobs.Queue.
func (q *Queue) Pause(ctx context.Context, until time.Time) error {
	limit, err := q.limit(ctx)
	if err != nil {
		return err
	}
	p, isOurs := pauseOf(limit)
	rate := limit.GetRateLimit()
	switch {
	case isOurs: // what was before stays known
	case rate != nil && rate.GetRequestsPerSecond() == 0: // somebody else's pause
		return nil
	case rate != nil:
		p.Rate = new(rate.GetRequestsPerSecond())
		p.Reason = limit.GetMetadata().GetReason()
		p.Reason = strings.ToValidUTF8(p.Reason[:min(len(p.Reason), maxReason)], "")
	}
	p.Until = until.UTC().Round(0)
	reason, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return q.setLimit(ctx, &taskqueuepb.RateLimit{}, pausePrefix+string(reason))
}

// Resume implements jobs.Queue. Temporal has no compare-and-set: a limit that somebody sets in the
// very moment of it is lost.
func (q *Queue) Resume(ctx context.Context) error {
	limit, err := q.limit(ctx)
	if err != nil {
		return err
	}
	p, isOurs := pauseOf(limit)
	switch {
	case !isOurs:
		return nil
	case p.Rate == nil:
		return q.setLimit(ctx, nil, "")
	default:
		return q.setLimit(ctx, &taskqueuepb.RateLimit{RequestsPerSecond: *p.Rate}, p.Reason)
	}
}

// pauseOf returns the pause that a limit is. It reports whether it is one of Pause.
func pauseOf(limit *taskqueuepb.RateLimitConfig) (p pause, isOurs bool) {
	text, isOurs := strings.CutPrefix(limit.GetMetadata().GetReason(), pausePrefix)
	if !isOurs || limit.GetRateLimit() == nil || limit.GetRateLimit().GetRequestsPerSecond() != 0 {
		return pause{}, false
	}
	if json.Unmarshal([]byte(text), &p) != nil || p.Until.IsZero() {
		return pause{}, false
	}
	return p, true
}

// limit returns the rate limit that was set by the API; nil: there is none.
func (q *Queue) limit(ctx context.Context) (*taskqueuepb.RateLimitConfig, error) {
	answer, err := q.service.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace:     q.namespace,
		TaskQueue:     &taskqueuepb.TaskQueue{Name: q.name, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY,
		ReportConfig:  true,
	})
	if err != nil {
		return nil, fmt.Errorf("describe task queue %s: %w", q.name, err)
	}
	return answer.GetConfig().GetQueueRateLimit(), nil
}

// setLimit sets the rate limit; nil removes it.
func (q *Queue) setLimit(ctx context.Context, limit *taskqueuepb.RateLimit, reason string) error {
	_, err := q.service.UpdateTaskQueueConfig(ctx, &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace:     q.namespace,
		Identity:      identity,
		TaskQueue:     q.name,
		TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY,
		UpdateQueueRateLimit: &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{
			RateLimit: limit, Reason: reason,
		},
	})
	if err != nil {
		return fmt.Errorf("limit task queue %s: %w", q.name, err)
	}
	return nil
}
