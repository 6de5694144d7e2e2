/**
 * The fields of Argo's kinds (argoproj.io/v1alpha1, 4.1). One type a section, one field a line:
 * `field type =A|B what it does`, where `field!` is required and `=A|B` lists the values it may have (`=|A`: or empty).
 * A line `< Base` stands for Base's fields. Fields stand in the order in which Argo writes them: of several faults its first one counts.
 * Types as in schema.ts.
 */
export const ARGO_TYPES = `
# Workflow
apiVersion! string =argoproj.io/v1alpha1 The API group and version.
kind! string =Workflow The kind of the object.
metadata ObjectMeta Name, labels and annotations.
spec! WorkflowSpec What to run.
status WorkflowStatus What became of it; written by the controller.

# WorkflowTemplate
apiVersion! string =argoproj.io/v1alpha1 The API group and version.
kind! string =WorkflowTemplate The kind of the object.
metadata ObjectMeta Name, labels and annotations.
spec! WorkflowSpec Templates that workflows of the namespace can call, or a whole workflow to start.

# ClusterWorkflowTemplate
apiVersion! string =argoproj.io/v1alpha1 The API group and version.
kind! string =ClusterWorkflowTemplate The kind of the object.
metadata ObjectMeta Name, labels and annotations.
spec! WorkflowSpec Templates that workflows of every namespace can call.

# CronWorkflow
apiVersion! string =argoproj.io/v1alpha1 The API group and version.
kind! string =CronWorkflow The kind of the object.
metadata ObjectMeta Name, labels and annotations.
spec! CronWorkflowSpec When to run what.
status CronWorkflowStatus Past and active runs; written by the controller.

# WorkflowEventBinding
apiVersion! string =argoproj.io/v1alpha1 The API group and version.
kind! string =WorkflowEventBinding The kind of the object.
metadata ObjectMeta Name, labels and annotations.
spec! WorkflowEventBindingSpec Which events start which workflow.

# WorkflowEventBindingSpec
event! Event The events to take.
submit Submit The workflow to start.

# Event
selector! string Expression over the event; true takes it.

# Submit
workflowTemplateRef! WorkflowTemplateRef The WorkflowTemplate to start.
metadata ObjectMeta Metadata of the new workflow; values are expressions over the event.
arguments Arguments Arguments of the new workflow, taken from the event.

# CronWorkflowSpec
workflowSpec! WorkflowSpec The workflow that each run gets.
schedules! [string] Cron lines of five fields, or words like @daily; at least one.
timezone string IANA name of the time zone the schedules are meant in; the controller's own without it.
concurrencyPolicy string =|Allow|Forbid|Replace What to do when the last run still goes on.
suspend bool Starts nothing while true.
startingDeadlineSeconds int Seconds after the scheduled time in which a missed run is made up for.
successfulJobsHistoryLimit int32 How many succeeded runs to keep.
failedJobsHistoryLimit int32 How many failed runs to keep.
workflowMetadata ObjectMeta Labels and annotations of the runs.
stopStrategy StopStrategy When to stop for good.
when string Condition that must hold for a run to start.

# StopStrategy
expression! string Expression over cronworkflow.*; true stops the schedule for good.

# CronWorkflowStatus
active [any] The runs that go on.
lastScheduledTime time When the last run was due.
conditions [Condition] What is wrong, if anything.
succeeded int How many runs succeeded.
failed int How many runs failed.
phase string Active or Stopped.

# WorkflowSpec
templates [Template] The steps the workflow is made of, each with a name of its own.
entrypoint string Name of the template the run starts with.
arguments Arguments Parameters and artifacts of the whole run.
serviceAccountName string Service account of the Pods.
automountServiceAccountToken bool Whether Pods get the account's token.
executor ExecutorConfig Settings of the helper containers.
volumes [Volume] Volumes that templates can mount.
volumeClaimTemplates [PersistentVolumeClaim] Claims made for the run and deleted with it.
volumeClaimGC VolumeClaimGC When those claims are deleted.
parallelism int How many Pods of the run may go at once.
artifactRepositoryRef ArtifactRepositoryRef Where artifacts are kept when a template does not say.
suspend bool Starts no new step while true.
nodeSelector {string} Labels a node must have.
affinity Affinity Rules for choosing nodes.
tolerations [Toleration] Taints the Pods put up with.
schedulerName string Scheduler of the Pods.
podPriorityClassName string Priority class of the Pods.
securityContext PodSecurityContext Security settings of the Pods.
hostAliases [HostAlias] Lines for /etc/hosts.
imagePullSecrets [LocalObjectReference] Secrets for pulling images.
hostNetwork bool Pods use the node's network.
dnsPolicy string =|ClusterFirst|ClusterFirstWithHostNet|Default|None How names are looked up.
dnsConfig PodDNSConfig Name servers and search domains.
onExit string Template that runs when the run has ended, however it ended.
hooks {LifecycleHook} Templates that run when an expression becomes true; the hook named exit runs at the end.
ttlStrategy TTLStrategy When the finished run is deleted.
activeDeadlineSeconds int Seconds after which the run is failed.
priority int32 Runs with a higher number go first where runs queue.
podGC PodGC When finished Pods are deleted.
podSpecPatch string Patch in YAML or JSON over every Pod's spec.
podDisruptionBudget PodDisruptionBudgetSpec Guards the Pods against evictions.
metrics Metrics Prometheus metrics of the run.
shutdown string =|Stop|Terminate Ends the run: Stop lets exit handlers run, Terminate does not.
workflowTemplateRef WorkflowTemplateRef Takes the whole spec from a WorkflowTemplate.
synchronization Synchronization Locks the whole run takes.
retryStrategy RetryStrategy How templates without their own are tried again.
podMetadata Metadata Labels and annotations of every Pod.
templateDefaults Template What templates have where they do not say otherwise.
archiveLogs bool Keeps the logs of main containers as artifacts.
workflowMetadata WorkflowMetadata Labels and annotations put on the Workflow when it starts.
artifactGC WorkflowLevelArtifactGC When artifacts are deleted.
executorPlugins [any] Plugins that run beside the agent of this run.
podResources ResourceRequirements Resources of the whole Pod.
resourceClaims [PodResourceClaim] Device claims of the Pods.

# ExecutorConfig
serviceAccountName string Service account of the helper containers.

# VolumeClaimGC
strategy string =|OnWorkflowSuccess|OnWorkflowCompletion When to delete.

# ArtifactRepositoryRef
configMap string ConfigMap with the repositories; artifact-repositories without it.
key string Key in the ConfigMap; its default repository without it.

# TTLStrategy
secondsAfterCompletion int32 Seconds to keep a finished run.
secondsAfterSuccess int32 Seconds to keep a succeeded run.
secondsAfterFailure int32 Seconds to keep a failed run.

# PodGC
strategy string =|OnPodCompletion|OnPodSuccess|OnWorkflowCompletion|OnWorkflowSuccess When to delete Pods.
labelSelector LabelSelector Only Pods with these labels.
deleteDelayDuration string How long to wait before deleting, as 30s or 2m.

# WorkflowMetadata
< Metadata
labelsFrom {LabelValueFrom} Labels whose values are expressions.

# LabelValueFrom
expression! string Expression over the workflow's variables.

# ArtifactGC
strategy string =|OnWorkflowCompletion|OnWorkflowDeletion|Never When to delete the artifact.
podMetadata Metadata Labels and annotations of the deleting Pods.
serviceAccountName string Service account of the deleting Pods.

# WorkflowLevelArtifactGC
< ArtifactGC
forceFinalizerRemoval bool Lets the run be deleted even where deleting artifacts failed.
podSpecPatch string Patch over the spec of the deleting Pods.

# WorkflowTemplateRef
name string Name of the WorkflowTemplate.
clusterScope bool It is a ClusterWorkflowTemplate.

# Metadata
labels {string} Labels.
annotations {string} Annotations.

# LifecycleHook
template string Template to run.
templateRef TemplateRef Template of a WorkflowTemplate to run.
arguments Arguments Arguments of the template.
expression string Runs the hook when true; every hook but exit needs one.

# Arguments
parameters [Parameter] Values.
artifacts [Artifact] Files.

# Inputs
parameters [Parameter] Values the template takes.
artifacts [Artifact] Files the template takes.

# Outputs
parameters [Parameter] Values the template gives.
artifacts [Artifact] Files the template gives.
result string What the script printed.
exitCode string Exit code of the main container.

# Parameter
name! string Name of the parameter.
default anyString The value where none is given.
value anyString Its value.
valueFrom ValueFrom Where the value comes from.
globalName string Also published as workflow.outputs.parameters under this name.
enum [anyString] The values it may have.
description anyString What it is for, shown when a run is started.

# ValueFrom
path string File in the container whose text is the value.
jsonPath string Path into the resource, as kubectl -o jsonpath takes it.
jqFilter string jq filter over the resource.
event string Expression over the event that started the run.
parameter string Reference to an output of a step or task.
supplied empty The value is given by hand when the run is resumed.
configMapKeyRef ConfigMapKeySelector Key of a ConfigMap with the label workflows.argoproj.io/configmap-type: Parameter.
default anyString The value when the source has none.
expression string Expression over outputs of steps or tasks.

# ArtifactLocation
archiveLogs bool Keeps the main container's log as an artifact.
s3 S3Artifact In an S3 bucket.
git GitArtifact In a git repository.
http HTTPArtifact At a URL.
artifactory ArtifactoryArtifact In Artifactory.
hdfs HDFSArtifact In HDFS.
raw RawArtifact In the manifest itself.
oss OSSArtifact In Alibaba's object storage.
gcs GCSArtifact In Google Cloud Storage.
azure AzureArtifact In Azure Blob Storage.
plugin PluginArtifact Where an artifact plugin keeps it.

# Artifact
name! string Name of the artifact.
path string Path in the container.
mode int32 File mode, as a decimal or octal number.
from string Reference to another artifact.
< ArtifactLocation
globalName string Also published as workflow.outputs.artifacts under this name.
archive ArchiveStrategy How it is packed.
optional bool Its absence is no error.
subPath string Part of a folder artifact.
recurseMode bool Gives every file of a folder that mode.
fromExpression string Expression that gives another artifact.
artifactGC ArtifactGC When it is deleted.
deleted bool It has been deleted.

# ArchiveStrategy
tar TarStrategy A tar file, compressed.
none empty As it is.
zip empty A zip file.

# TarStrategy
compressionLevel int32 From 0 (none) to 9 (smallest).

# S3Artifact
endpoint string Host of the service.
bucket string Bucket.
region string Region.
insecure bool Without TLS.
accessKeySecret SecretKeySelector Secret with the access key.
secretKeySecret SecretKeySelector Secret with the secret key.
sessionTokenSecret SecretKeySelector Secret with the session token.
roleARN string Role to take on.
useSDKCreds bool Takes credentials from the environment.
createBucketIfNotPresent CreateS3BucketOptions Makes the bucket where it is missing.
encryptionOptions S3EncryptionOptions Encryption on the server.
caSecret SecretKeySelector Secret with the certificate authority.
addressingStyle string =|path|virtual-hosted How the bucket stands in the URL.
key string Key of the object.

# CreateS3BucketOptions
objectLocking bool With object locking.

# S3EncryptionOptions
kmsKeyId string Key to encrypt with.
kmsEncryptionContext string Context of the key, as JSON.
enableEncryption bool Encrypts the objects.
serverSideCustomerKeySecret SecretKeySelector Secret with your own key.

# GitArtifact
repo! string URL of the repository.
revision string Commit, tag or branch.
depth int How many commits to fetch.
fetch [string] Refs to fetch.
usernameSecret SecretKeySelector Secret with the user name.
passwordSecret SecretKeySelector Secret with the password. Its key ca.crt, if any, is the authority of the server.
sshPrivateKeySecret SecretKeySelector Secret with the SSH key. Its key known_hosts, if any, names the server's own key.
insecureIgnoreHostKey bool Does not check the host's key.
disableSubmodules bool Leaves submodules out.
singleBranch bool Fetches one branch only.
branch string The branch.
insecureSkipTLS bool Does not check the host's certificate.

# Header
name! string Name of the header.
value! string Its value.

# HTTPArtifact
url! string The URL.
headers [Header] Headers of the request.
auth HTTPAuth How to log in.
saveStreamViaFile bool Uploads by way of a file.

# HTTPAuth
clientCert ClientCertAuth A client certificate.
oauth2 OAuth2Auth OAuth 2.
basicAuth BasicAuth User name and password.

# ClientCertAuth
clientCertSecret SecretKeySelector Secret with the certificate.
clientKeySecret SecretKeySelector Secret with the key.

# OAuth2Auth
clientIDSecret SecretKeySelector Secret with the client id.
clientSecretSecret SecretKeySelector Secret with the client secret.
tokenURLSecret SecretKeySelector Secret with the token's URL.
scopes [string] Scopes to ask for.
endpointParams [OAuth2EndpointParam] More parameters of the request.

# OAuth2EndpointParam
key! string Name.
value string Value.

# BasicAuth
usernameSecret SecretKeySelector Secret with the user name.
passwordSecret SecretKeySelector Secret with the password.

# ArtifactoryArtifact
url! string The URL.
usernameSecret SecretKeySelector Secret with the user name.
passwordSecret SecretKeySelector Secret with the password.

# HDFSArtifact
addresses [string] Addresses of the name nodes.
hdfsUser string User without Kerberos.
dataTransferProtection string How transfers are protected.
krbCCacheSecret SecretKeySelector Secret with the ticket cache.
krbKeytabSecret SecretKeySelector Secret with the keytab.
krbUsername string Kerberos user.
krbRealm string Kerberos realm.
krbConfigConfigMap ConfigMapKeySelector ConfigMap with krb5.conf.
krbServicePrincipalName string Principal of the service.
path! string Path of the file.
force bool Overwrites the file.

# RawArtifact
data! string The text of the file.

# OSSArtifact
endpoint string Host of the service.
bucket string Bucket.
accessKeySecret SecretKeySelector Secret with the access key.
secretKeySecret SecretKeySelector Secret with the secret key.
createBucketIfNotPresent bool Makes the bucket where it is missing.
securityToken string A temporary token.
lifecycleRule OSSLifecycleRule When objects become cheaper or go away.
useSDKCreds bool Takes credentials from the environment.
key! string Key of the object.

# OSSLifecycleRule
markInfrequentAccessAfterDays int32 Days until objects count as rarely read.
markDeletionAfterDays int32 Days until objects are deleted.

# GCSArtifact
bucket string Bucket.
serviceAccountKeySecret SecretKeySelector Secret with the account's key.
key! string Key of the object.

# AzureArtifact
endpoint! string URL of the account.
container! string Container.
accountKeySecret SecretKeySelector Secret with the account's key.
useSDKCreds bool Takes credentials from the environment.
blob! string Name of the blob.

# PluginArtifact
name string Name of the plugin.
configuration string What the plugin is told.
connectionTimeoutSeconds int32 Seconds to wait for the plugin.
key string Key of the artifact.

# Template
name string Name of the template; others call it by this.
inputs Inputs What the template takes.
outputs Outputs What the template gives.
nodeSelector {string} Labels a node must have.
affinity Affinity Rules for choosing a node.
metadata Metadata Labels and annotations of the Pod.
daemon bool Goes on in the background; others go on once it is ready.
steps steps Rows of steps: rows go one after another, steps of a row at once.
container Container Runs one container.
containerSet ContainerSetTemplate Runs several containers in one Pod, in an order.
script ScriptTemplate Runs a script in a container.
resource ResourceTemplate Does something with an object of the cluster.
dag DAGTemplate Tasks that start when those they depend on have ended.
suspend SuspendTemplate Waits for somebody to go on, or for a time.
data Data Lists the files of an artifact and turns the list into items.
http HTTP Makes an HTTP request.
plugin plugin Runs an executor plugin.
volumes [Volume] More volumes of the Pod.
initContainers [UserContainer] Containers that run before the main one.
sidecars [UserContainer] Containers that run beside the main one and end with it.
archiveLocation ArtifactLocation Where outputs and logs go.
activeDeadlineSeconds intOrString Seconds the Pod may run.
retryStrategy RetryStrategy How it is tried again when it fails.
parallelism int How many of its steps or tasks may go at once.
failFast bool Starts nothing more once a step or task has failed.
tolerations [Toleration] Taints the Pod puts up with.
schedulerName string Scheduler of the Pod.
priorityClassName string Priority class of the Pod.
serviceAccountName string Service account of the Pod.
automountServiceAccountToken bool Whether the Pod gets the account's token.
executor ExecutorConfig Settings of the helper containers.
hostAliases [HostAlias] Lines for /etc/hosts.
securityContext PodSecurityContext Security settings of the Pod.
podSpecPatch string Patch in YAML or JSON over the Pod's spec.
metrics Metrics Prometheus metrics of the template.
synchronization Synchronization Locks it takes while it runs.
memoize Memoize Takes the outputs of an earlier run with the same key.
timeout string How long the template may take, as 30s or 2m.
annotations {string} Annotations of the node, as workflows.argoproj.io/display-name.
pendingTimeout string How long the Pod may wait to start, as 30s or 2m.
podResources ResourceRequirements Resources of the whole Pod.
resourceClaims [PodResourceClaim] Device claims of the Pod.

# UserContainer
< Container
mirrorVolumeMounts bool Mounts what the main container mounts.

# ScriptTemplate
< Container
source string The script.

# ContainerNode
< Container
dependencies [string] Containers that must have ended before.

# ContainerSetTemplate
containers! [ContainerNode] The containers.
volumeMounts [VolumeMount] Mounts of all of them.
retryStrategy ContainerSetRetryStrategy How a failed container is tried again.

# ContainerSetRetryStrategy
duration string How long to wait in between.
retries! intOrString How often.

# WorkflowStep
name string Name of the step.
template string Template to run.
inline Template A template written here.
arguments Arguments Arguments of the template.
templateRef TemplateRef Template of a WorkflowTemplate to run.
withItems [item] Runs once for each of these.
withParam string Runs once for each item of this JSON list.
withSequence Sequence Runs once for each number.
when string Runs only if this holds.
continueOn ContinueOn Failures that do not stop the run.
onExit string Template that runs when the step has ended.
hooks {LifecycleHook} Templates that run when an expression becomes true.

# DAGTask
name string Name of the step.
template string Template to run.
inline Template A template written here.
arguments Arguments Arguments of the template.
templateRef TemplateRef Template of a WorkflowTemplate to run.
dependencies [string] Tasks that must have succeeded.
withItems [item] Runs once for each of these.
withParam string Runs once for each item of this JSON list.
withSequence Sequence Runs once for each number.
when string Runs only if this holds.
continueOn ContinueOn Failures that do not stop the run.
onExit string Template that runs when the step has ended.
depends string Expression over results of tasks, as A && B.Failed.
hooks {LifecycleHook} Templates that run when an expression becomes true.

# DAGTemplate
tasks! [DAGTask] The tasks.
target string The tasks that are wanted, separated by spaces; all without it.
failFast bool Starts nothing more once a task has failed; true without it.

# TemplateRef
name string Name of the WorkflowTemplate.
template string Name of the template in it.
clusterScope bool It is a ClusterWorkflowTemplate.

# Sequence
count intOrString How many numbers.
start intOrString The first number; 0 without it.
end intOrString The last number.
format string How numbers are written, as %03d.

# ContinueOn
error bool Goes on when it ended in an error.
failed bool Goes on when it failed.

# RetryStrategy
limit intOrString How often it is tried again.
retryPolicy string =|Always|OnFailure|OnError|OnTransientError What counts as worth another try.
backoff Backoff How long to wait in between.
affinity RetryAffinity On which nodes to try again.
expression string Expression over lastRetry.*; false ends the tries.

# RetryAffinity
nodeAntiAffinity empty On another node than before.

# Backoff
duration string The first wait, as 30s or 2m.
factor intOrString By how much each wait is longer than the last.
maxDuration string How long tries may go on in all.
cap string The longest wait.

# ResourceTemplate
action! string =get|create|apply|delete|replace|patch What to do.
mergeStrategy string =|strategic|merge|json How a patch is applied.
manifest string The object, as YAML.
manifestFrom ManifestFrom Where the object comes from.
setOwnerReference bool Deletes the object with the run.
successCondition string Field selector that means success, as status.phase == Done.
failureCondition string Field selector that means failure.
flags [string] More arguments for kubectl.

# ManifestFrom
artifact! Artifact The input artifact with the manifest.

# Data
source! DataSource Where the data comes from.
transformation! [TransformationStep] What is made of it.

# DataSource
artifactPaths Artifact An artifact whose files are listed.

# TransformationStep
expression! string Expression over data.

# SuspendTemplate
duration string How long to wait, as 30s or 2m; until somebody resumes it without.

# HTTP
method string =|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE The method; GET without it.
url! string The URL.
headers [HTTPTemplateHeader] Headers of the request.
timeoutSeconds int Seconds to wait.
successCondition string Expression over request and response; a status below 400 without it.
body string Body of the request.
bodyFrom HTTPBodySource Body of the request, not as text.
insecureSkipVerify bool Does not check the certificate.

# HTTPTemplateHeader
name! string Name of the header.
value string Its value.
valueFrom HTTPHeaderSource Where the value comes from.

# HTTPHeaderSource
secretKeyRef SecretKeySelector Key of a Secret.

# HTTPBodySource
bytes bytes The body in base64.

# Metrics
prometheus! [Prometheus] The metrics.

# Prometheus
name! string Name of the metric.
labels [MetricLabel] Labels of the metric.
help! string What it says.
when string Written only if this holds.
gauge Gauge A number that goes up and down.
histogram Histogram Numbers counted in buckets.
counter Counter A number that goes up.

# MetricLabel
key! string Name of the label.
value! string Its value.

# Gauge
value! string The number.
realtime bool Written while the run goes on.
operation string =|Set|Add|Sub What to do with the number.

# Counter
value! string The number to add.

# Histogram
value! string The number.
buckets! [amount] Upper ends of the buckets.

# Synchronization
semaphores [SemaphoreRef] Locks that several can hold.
mutexes [Mutex] Locks that one can hold.

# SemaphoreRef
configMapKeyRef ConfigMapKeySelector Key of a ConfigMap with the number of places.
namespace string Namespace of the lock.
database SyncDatabaseRef Key of the lock in the database.

# SyncDatabaseRef
key! string Name of the lock.

# Mutex
name string Name of the lock.
namespace string Namespace of the lock.
database bool The lock is kept in the database.

# Memoize
key! string What makes two runs the same.
cache! MemoizeCache Where outputs are kept.
maxAge! string How old they may be, as 1h.

# MemoizeCache
configMap! ConfigMapKeySelector The ConfigMap.

# Condition
type string What it is about.
status string True, False or Unknown.
message string In words.

# WorkflowStatus
phase string Where the run stands.
startedAt time When it started.
finishedAt time When it ended.
estimatedDuration int Seconds it will take, by earlier runs.
progress progress Finished steps of all steps.
message string Why it stands there.
compressedNodes string The nodes, packed.
nodes {NodeStatus} The nodes by their ids.
offloadNodeStatusVersion string Version of the nodes kept in a database.
storedTemplates {Template} The templates the run uses from elsewhere.
storedWorkflowTemplateSpec WorkflowSpec The spec the run started with.
persistentVolumeClaims [Volume] Claims made for the run.
outputs Outputs Global outputs.
conditions [Condition] What holds for the run.
resourcesDuration {int} Seconds of resources used.
synchronization SynchronizationStatus Locks held and waited for.
artifactRepositoryRef any Where artifacts are kept.
artifactGCStatus any What became of the deletion of artifacts.
taskResultsCompletionStatus {bool} Pods whose results have arrived.

# SynchronizationStatus
semaphore any Semaphores.
mutex any Mutexes.

# NodeStatus
id string Id.
name string Name with its path.
displayName string Short name.
type string Kind of node.
templateName string Template it runs.
templateRef TemplateRef Template it runs, from elsewhere.
templateScope string Where the template was found.
phase string Where it stands.
boundaryID string The steps or dag node it belongs to.
message string Why it stands there.
startedAt time When it started.
finishedAt time When it ended.
estimatedDuration int Seconds it will take, by earlier runs.
progress progress Finished steps of all steps.
resourcesDuration {int} Seconds of resources used.
podIP string Address of the Pod.
daemoned bool It goes on in the background.
nodeFlag NodeFlag What made it.
inputs Inputs Its inputs.
outputs Outputs Its outputs.
children [string] Ids of the nodes after it.
outboundNodes [string] Ids of its last nodes.
hostNodeName string Node of the cluster it ran on.
memoizationStatus any Whether outputs of an earlier run were taken.
synchronizationStatus any The lock it waits for.
taskResultSynced bool Its results have arrived.
failedPodRestarts int32 How often its Pod was started again.
restartingPodUID string The Pod that is started again.

# NodeFlag
hooked bool A hook made it.
retried bool A retry made it.
`;
