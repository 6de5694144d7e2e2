/**
 * What the fields of Kubernetes' shapes do, for completion and help. One field a line: `field =A|B sentence`, where `=A|B` are the values
 * Kubernetes knows; the API server judges them, reading does not. A field means the same in every type, unless a line begins with `Type.field`.
 */
const DOCS = `
fsType File system of the volume, as ext4.
partition Partition of the disk to mount.
readOnly Mounts it for reading only.
VolumeMount.readOnly The container may read but not write.
volumeID Id of the disk.
nodeAffinity Rules on labels of nodes.
podAffinity Which Pods it wants to be near to.
podAntiAffinity Which Pods it wants to be away from.
localhostProfile Profile on the node to use.
type =RuntimeDefault|Localhost|Unconfined Which profile is used.
HostPathVolumeSource.type =DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice What must be at the path.
PersistentVolumeClaimCondition.type What it is about.
SELinuxOptions.type SELinux type label.
cachingMode =None|ReadOnly|ReadWrite How the host caches.
diskName Name of the disk.
diskURI Address of the disk.
kind Kind of the object.
secretName Name of the Secret.
shareName Name of the share.
driver Name of the driver.
nodePublishSecretRef Secret that the driver gets.
volumeAttributes What the driver is told.
add Capabilities to add.
drop Capabilities to take away, as ALL.
monitors Addresses of the monitors.
path Path of the file or folder.
HTTPGetAction.path Path of the URL.
HostPathVolumeSource.path Path on the node.
NFSVolumeSource.path Path on the server.
secretFile File with the secret.
secretRef The Secret.
EnvFromSource.secretRef Secret whose keys become variables.
user Name of the user.
SELinuxOptions.user SELinux user label.
labelSelector Which objects are meant, by their labels.
name Its name.
ConfigMapEnvSource.name Name of the ConfigMap.
ConfigMapKeySelector.name Name of the ConfigMap.
ConfigMapProjection.name Name of the ConfigMap.
ConfigMapVolumeSource.name Name of the ConfigMap.
SecretEnvSource.name Name of the Secret.
SecretKeySelector.name Name of the Secret.
SecretProjection.name Name of the Secret.
EnvVar.name Name of the variable.
ObjectMeta.name Name of the object, unique in its namespace.
Container.name Name of the container in its Pod.
ContainerPort.name Name of the port.
Volume.name Name by which containers mount it.
VolumeMount.name Name of the volume.
VolumeDevice.name Name of the claim.
HTTPHeader.name Name of the header.
optional It may be missing.
signerName Which signer.
key The key.
ConfigMapKeySelector.key Key in the ConfigMap.
SecretKeySelector.key Key in the Secret.
KeyToPath.key Key to make a file of.
Toleration.key Key of the taint; all taints without it.
LabelSelectorRequirement.key The label.
NodeSelectorRequirement.key The label.
items Which keys become files; all without it.
defaultMode Mode of the files, as a decimal or octal number.
image Image of the container.
RBDVolumeSource.image Name of the image.
Volume.image Files of a container image.
command What is run instead of the image's entrypoint; a list, not a shell line.
ExecAction.command What is run in the container; a list, not a shell line.
args Arguments of the command.
workingDir Folder in which the command starts.
ports Ports the container listens on.
envFrom ConfigMaps and Secrets whose keys become environment variables.
env Environment variables.
resources CPU, memory and devices it asks for and may use.
PersistentVolumeClaimSpec.resources How much room it asks for.
resizePolicy How it is resized while it runs.
restartPolicy =Always Always makes an init container a sidecar that goes on.
ContainerResizePolicy.restartPolicy =NotRequired|RestartContainer Whether resizing restarts it.
restartPolicyRules Exit codes with a restart policy of their own.
volumeMounts Volumes and where they are in the container.
volumeDevices Block devices and where they are in the container.
livenessProbe The container is restarted when this fails.
readinessProbe Says when the container is ready.
startupProbe The other probes wait for this.
lifecycle What happens after its start and before its end.
terminationMessagePath File with the last words of the container.
terminationMessagePolicy =File|FallbackToLogsOnError Where last words come from.
imagePullPolicy =Always|IfNotPresent|Never When the image is pulled.
securityContext Security settings.
stdin Keeps standard input open.
stdinOnce Closes standard input after the first client.
tty Gives it a terminal.
containerPort Number of the port.
hostIP Address of the node to bind to.
hostPort Port of the node.
protocol =TCP|UDP|SCTP Protocol of the port.
resourceName Which resource.
action =Restart|RestartAllContainers What to do.
exitCodes Which exit codes.
operator =In|NotIn|Exists|DoesNotExist|Gt|Lt How label and values compare.
LabelSelectorRequirement.operator =In|NotIn|Exists|DoesNotExist How label and values compare.
ContainerRestartRuleOnExitCodes.operator =In|NotIn How exit code and values compare.
Toleration.operator =Exists|Equal How key and value compare.
values The values to compare with.
fieldRef Field of the Pod, as metadata.name.
mode Mode of the file, as a decimal or octal number.
resourceFieldRef Resource of a container, as limits.cpu.
medium =Memory Memory keeps it in RAM.
sizeLimit How much it may hold, as 1Gi.
configMapRef ConfigMap whose keys become variables.
prefix Goes before each name.
value Its value.
Toleration.value Value of the taint.
EnvVar.value Value of the variable.
valueFrom Where the value comes from.
configMapKeyRef Key of a ConfigMap.
fileKeyRef Key of a file in a volume.
secretKeyRef Key of a Secret.
volumeClaimTemplate Claim that is made for the Pod.
lun Number of the unit.
targetWWNs World wide names of the targets.
wwids World wide ids of the volume.
volumeName Name of the volume.
options Options of the driver.
PodDNSConfig.options Options of the resolver.
datasetName Name of the dataset.
datasetUUID Id of the dataset.
pdName Name of the disk.
port Number or name of the port.
service Name of the service to ask about.
directory Folder to clone into.
repository URL of the repository.
revision Commit to check out.
endpoints Name of the endpoints.
host Host to connect to; the Pod without it.
httpHeaders Headers of the request.
scheme =HTTP|HTTPS Scheme of the URL.
hostnames Names for the address.
ip The address.
chapAuthDiscovery Logs in with CHAP for discovery.
chapAuthSession Logs in with CHAP for the session.
initiatorName Name of the initiator.
iqn Name of the target.
iscsiInterface Interface that is used.
portals More addresses of the target.
targetPortal Address of the target.
pullPolicy =Always|IfNotPresent|Never When the image is pulled.
reference The image.
matchExpressions Rules on labels; all must hold.
matchLabels Labels with their values; all must be there.
postStart Runs right after the container has started.
preStop Runs before the container is stopped.
stopSignal Signal that stops the container.
exec Runs a command in the container.
httpGet Makes an HTTP request.
sleep Waits.
tcpSocket Opens a connection.
status Where it stands.
targetVolumeAttributesClassName Class that is changed to.
server Name or address of the server.
preferredDuringSchedulingIgnoredDuringExecution Rules that weigh where it runs.
requiredDuringSchedulingIgnoredDuringExecution Rules that must hold where it runs.
nodeSelectorTerms Terms of which one must hold.
matchFields Rules on fields of nodes.
apiVersion API group and version.
fieldPath Path of the field, as metadata.labels['app'].
annotations Notes for tools; not for selecting.
creationTimestamp When it was created; set by the server.
deletionGracePeriodSeconds Seconds left before it is gone; set by the server.
deletionTimestamp When it was deleted; set by the server.
finalizers Who must agree before it is gone.
generateName Beginning of a name that the server completes.
generation Counts changes of the spec; set by the server.
labels Words for selecting objects.
managedFields Who set which field; kept by the server.
namespace Its namespace.
ownerReferences Objects that it goes with.
resourceVersion Version of the object; set by the server.
selfLink Not used any more.
uid Unique id; set by the server.
blockOwnerDeletion The owner is not gone before this is.
controller The owner manages it.
metadata Name, labels and annotations.
spec What is wanted.
lastProbeTime When it was last looked at.
lastTransitionTime When it last changed.
message In words.
reason In one word.
accessModes =ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod Who may mount it at once.
dataSource What it is filled from.
dataSourceRef What it is filled from, of any kind.
selector Which objects are meant, by their labels.
storageClassName Class of storage; the cluster's default without it.
volumeAttributesClassName Class of attributes.
volumeMode =Filesystem|Block Whether it is a file system or a device.
allocatedResourceStatuses Where resizing stands.
allocatedResources Room it has been given.
capacity Room it has.
conditions What holds for it.
currentVolumeAttributesClassName Class of attributes it has.
modifyVolumeStatus Where a change of its class stands.
phase Where it stands.
claimName Name of the claim.
pdID Id of the disk.
matchLabelKeys Labels whose values must be the same.
mismatchLabelKeys Labels whose values must differ.
namespaceSelector Namespaces, by their labels.
namespaces Namespaces, by their names.
topologyKey Label of nodes that makes them one place, as kubernetes.io/hostname.
certificateChainPath File for the certificates.
credentialBundlePath File for key and certificates.
keyPath File for the key.
keyType Type of the key.
maxExpirationSeconds Longest life of the certificate.
nameservers Addresses of name servers.
searches Domains in which short names are looked up.
maxUnavailable How many may be missing, a number or a part of all.
minAvailable How many must be there, a number or a part of all.
unhealthyPodEvictionPolicy =IfHealthyBudget|AlwaysAllow When Pods that are not ready may go.
resourceClaimName Name of a claim.
resourceClaimTemplateName Template of a claim that is made for the Pod.
appArmorProfile AppArmor profile.
fsGroup Group of the volumes' files.
fsGroupChangePolicy =OnRootMismatch|Always When the group of files is changed.
runAsGroup Number of the group it runs as.
runAsNonRoot Refuses to run as root.
runAsUser Number of the user it runs as.
seLinuxChangePolicy =Recursive|MountOption How labels get on volumes.
seLinuxOptions SELinux labels.
seccompProfile Which system calls are allowed.
supplementalGroups More groups it runs as.
supplementalGroupsPolicy =Merge|Strict Whether the image's groups count too.
sysctls Kernel settings of the Pod.
windowsOptions Settings for Windows.
preference The rule.
weight How much it counts, from 1 to 100.
failureThreshold How many failures in a row count.
grpc Asks a gRPC health service.
initialDelaySeconds Seconds before the first look.
periodSeconds Seconds between looks.
successThreshold How many successes in a row count.
terminationGracePeriodSeconds Seconds it gets to end.
timeoutSeconds Seconds until it counts as failed.
sources What is put together.
group Name of the group.
registry Address of the registry.
tenant Name of the tenant.
volume Name of the volume.
keyring File with the keys.
pool Name of the pool.
request Part of the claim.
containerName Name of the container.
divisor Unit in which it is given, as 1Mi.
resource Which resource, as limits.memory.
claims Device claims it uses.
limits The most it may use, as cpu: 500m or memory: 1Gi.
requests What is set aside for it, as cpu: 100m or memory: 64Mi.
VolumeResourceRequirements.requests Room it asks for, as storage: 1Gi.
VolumeResourceRequirements.limits The most room.
level SELinux level label.
role SELinux role label.
gateway Address of the gateway.
protectionDomain Name of the domain.
sslEnabled Connects with TLS.
storageMode =ThickProvisioned|ThinProvisioned How room is set aside.
storagePool Name of the pool.
system Name of the storage system.
allowPrivilegeEscalation Whether a process may get more rights than its parent.
capabilities Linux capabilities.
privileged Has all rights on the node.
procMount =Default|Unmasked How /proc is mounted.
readOnlyRootFilesystem The container's own files cannot be written.
audience Who the token is for.
expirationSeconds Seconds the token lasts.
seconds How many seconds.
volumeNamespace Namespace of the volume.
effect =NoSchedule|PreferNoSchedule|NoExecute Which effect of the taint; all without it.
tolerationSeconds Seconds it may stay with a NoExecute taint.
apiGroup API group of the object.
awsElasticBlockStore A disk of AWS.
azureDisk A disk of Azure.
azureFile A file share of Azure.
cephfs CephFS.
cinder A disk of OpenStack.
configMap Keys of a ConfigMap as files.
csi A volume of a CSI driver.
downwardAPI Fields of the Pod as files.
emptyDir An empty folder that goes away with the Pod.
ephemeral A claim that goes away with the Pod.
fc A Fibre Channel disk.
flexVolume A volume of a FlexVolume driver.
flocker A Flocker volume.
gcePersistentDisk A disk of Google Cloud.
gitRepo A git repository.
glusterfs GlusterFS.
hostPath A file or folder of the node.
iscsi An iSCSI disk.
nfs A folder on an NFS server.
persistentVolumeClaim A claim that is there already.
photonPersistentDisk A Photon disk.
portworxVolume A Portworx volume.
projected Several sources in one folder.
quobyte A Quobyte volume.
rbd A Ceph block device.
scaleIO A ScaleIO volume.
secret Keys of a Secret as files.
storageos A StorageOS volume.
vsphereVolume A disk of vSphere.
devicePath Path of the device in the container.
mountPath Path in the container.
mountPropagation =None|HostToContainer|Bidirectional Whether later mounts are seen.
recursiveReadOnly =Disabled|IfPossible|Enabled Whether mounts below are read only too.
subPath Part of the volume to mount.
subPathExpr Part of the volume to mount, with $(VARIABLES).
clusterTrustBundle Certificates of a ClusterTrustBundle.
podCertificate A certificate made for the Pod.
serviceAccountToken A token of the service account.
storagePolicyID Id of the storage policy.
storagePolicyName Name of the storage policy.
volumePath Path of the disk.
podAffinityTerm The rule.
gmsaCredentialSpec Account of the group, written out.
gmsaCredentialSpecName Name of the group's account.
hostProcess Runs as a process of the node.
runAsUserName Name of the user it runs as.
`;

interface Doc {
  about: string;
  values?: readonly string[];
}

let table: ReadonlyMap<string, Doc> | undefined;

function docOf(owner: string, field: string): Doc | undefined {
  table ??= new Map(DOCS.trim().split('\n').map((line) => {
    const [, name = '', values, about = ''] = /^(\S+)(?: =(\S+))? (.*)$/.exec(line) ?? [];
    return [name, { about, ...(values === undefined ? {} : { values: values.split('|') }) }];
  }));
  // Types that have all a container's fields.
  const base = /^(?:UserContainer|ScriptTemplate|ContainerNode)$/.test(owner) ? 'Container' : owner;
  return table.get(`${base}.${field}`) ?? table.get(field);
}

/** @returns what a field of a Kubernetes type does */
export function fieldDoc(owner: string, field: string): string | undefined {
  return docOf(owner, field)?.about;
}

/** @returns the values that Kubernetes takes there */
export function fieldValues(owner: string, field: string): readonly string[] | undefined {
  return docOf(owner, field)?.values;
}
