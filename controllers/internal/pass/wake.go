package pass

import (
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

// Waker is how one reconciler has another look at an object although nothing
// in Kubernetes changed: Auth0 did, or its time.
type Waker struct {
	// Events is the source's side.
	Events chan event.GenericEvent
}

// NewWaker makes a waker with room for a burst.
func NewWaker() *Waker { return &Waker{Events: make(chan event.GenericEvent, 1024)} }

// Wake asks for a pass over an object.
func (w *Waker) Wake(obj client.Object) { w.Events <- event.GenericEvent{Object: obj} }
