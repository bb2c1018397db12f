// Package chart tests the Helm chart with Helm on a real API server.
package chart
