package controllers

import (
	"context"
	"crypto/rand"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// instanceKeySecret holds the random key from which organizations' keys are
// derived. It is made once. An organization keeps the key that stands in its
// metadata, so a lost Secret shuts nobody out.
const instanceKeySecret = "seatwarden-instance-key"

const instanceKeyField = "key"

// instanceName is what was configured, or the UID of kube-system.
func instanceName(ctx context.Context, live client.Reader, configured string) (string, error) {
	if configured != "" {
		return configured, nil
	}
	namespace := &corev1.Namespace{}
	if err := live.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, namespace); err != nil {
		return "", fmt.Errorf("name this installation by the namespace kube-system (or set --instance): %w", err)
	}
	return string(namespace.UID), nil
}

// instanceKey reads the key, or makes it. Of two operators that make it at
// once, one wins and both use it.
func instanceKey(ctx context.Context, live client.Reader, writer client.Writer, namespace string) ([]byte, error) {
	key, err := readInstanceKey(ctx, live, namespace)
	if !apierrors.IsNotFound(err) {
		return key, err
	}
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("make the instance key: %w", err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: instanceKeySecret},
		Data:       map[string][]byte{instanceKeyField: fresh},
	}
	if err := writer.Create(ctx, secret); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("create the instance key: %w", err)
	}
	return readInstanceKey(ctx, live, namespace)
}

func readInstanceKey(ctx context.Context, live client.Reader, namespace string) ([]byte, error) {
	secret := &corev1.Secret{}
	if err := live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: instanceKeySecret}, secret); err != nil {
		return nil, fmt.Errorf("read the instance key: %w", err)
	}
	key := secret.Data[instanceKeyField]
	if len(key) < 16 {
		return nil, fmt.Errorf("secret %s has no usable field %s: delete it, and it is made anew", instanceKeySecret, instanceKeyField)
	}
	return key, nil
}
