#!/usr/bin/env bash
# The main job, written by hand with aws, ssh, and scp. It runs against the rehearsal that the environment variables refer to.
# Prints "step seconds" lines.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_PAGER=
aws() { /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" --output text "$@"; }

last=$EPOCHREALTIME
done_with() {
    local now=$EPOCHREALTIME
    awk -v a="$last" -v b="$now" -v s="$1" 'BEGIN { printf "%s %.3f\n", s, b - a }'
    last=$now
}

# Finds the cheapest of a few types, and the on-demand price of that type.
read -r price zone type < <(aws ec2 describe-spot-price-history --instance-types m7i.large c6i.large m6i.large c5.large \
    --product-descriptions Linux/UNIX --start-time "$(date -u +%FT%TZ)" \
    --query 'SpotPriceHistory[].[SpotPrice,AvailabilityZone,InstanceType]' | sort | head -n 1)
aws pricing get-products --region us-east-1 --service-code AmazonEC2 \
    --filters Type=TERM_MATCH,Field=regionCode,Value=us-east-1 "Type=TERM_MATCH,Field=instanceType,Value=$type" > /dev/null
done_with find

name=bench-$$
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/host"
aws ec2 import-key-pair --key-name "$name" --public-key-material "fileb://$work/key.pub" > /dev/null
group=$(aws ec2 create-security-group --group-name "$name" --description bench --query GroupId)
aws ec2 authorize-security-group-ingress --group-id "$group" --protocol tcp --port 22 --cidr "$(curl -s "${AWS_ENDPOINT_URL%/}/checkip")/32" > /dev/null
{
    printf '#cloud-config\nssh_deletekeys: true\nssh_keys:\n  ed25519_private: |\n'
    sed 's/^/    /' "$work/host"
    printf '  ed25519_public: %s\n' "$(cat "$work/host.pub")"
    printf 'runcmd:\n- shutdown -P +60\n'
} > "$work/user-data"
id=$(aws ec2 run-instances --image-id resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id \
    --instance-type "$type" --key-name "$name" --security-group-ids "$group" --placement "AvailabilityZone=$zone" \
    --instance-market-options 'MarketType=spot,SpotOptions={SpotInstanceType=one-time}' --instance-initiated-shutdown-behavior terminate \
    --user-data "file://$work/user-data" --query 'Instances[0].InstanceId')
until read -r state address port < <(aws ec2 describe-instances --instance-ids "$id" \
    --query 'Reservations[0].Instances[0].[State.Name,PublicIpAddress,Tags[?Key==`spottrainer:sshport`]|[0].Value]') && [ "$state" = running ]; do :; done
printf '[%s]:%s %s\n%s %s\n' "$address" "$port" "$(cut -d' ' -f1,2 "$work/host.pub")" "$address" "$(cut -d' ' -f1,2 "$work/host.pub")" > "$work/known_hosts"
options=(-F none -i "$work/key" -o IdentitiesOnly=yes -o UserKnownHostsFile="$work/known_hosts" -o BatchMode=yes -o LogLevel=ERROR
    -o ControlMaster=auto -o ControlPath="$work/control" -o ControlPersist=30)
on() { ssh "${options[@]}" -p "$port" "ubuntu@$address" "$@"; }
until on true 2> /dev/null; do sleep 0.1; done
done_with launch

on 'mkdir -p spottrainer/data && curl -fsS -o /tmp/conda.sh http://10.77.0.1/conda/Miniforge3-26.7.2-0-Linux-x86_64.sh && bash /tmp/conda.sh -b -p spottrainer/conda &&
    spottrainer/conda/bin/conda install -y -q scikit-learn pandas matplotlib notebook' > /dev/null
done_with conda

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/tls.key" -out "$work/tls.pem" -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2> /dev/null
scp "${options[@]}" -P "$port" -q "$work/tls.key" "$work/tls.pem" "ubuntu@$address:spottrainer/"
on 'cd spottrainer && conda/bin/python -c "
import json
from notebook.auth import passwd
json.dump({\"NotebookApp\": {\"password\": passwd(\"bench\"), \"certfile\": \"/home/ubuntu/spottrainer/tls.pem\", \"keyfile\": \"/home/ubuntu/spottrainer/tls.key\"}}, open(\"jupyter_notebook_config.json\", \"w\"))"'
done_with secure

on 'cd spottrainer && { JUPYTER_CONFIG_DIR=$PWD setsid nohup conda/bin/jupyter notebook --no-browser > jupyter.log 2>&1 < /dev/null & echo $! > pid; } &&
    until curl -fs --cacert tls.pem https://localhost:8888/api > /dev/null; do sleep 0.1; done'
done_with jupyter

scp "${options[@]}" -P "$port" -q -r examples/breast-cancer/data "ubuntu@$address:spottrainer/"
done_with send

scp "${options[@]}" -P "$port" -q examples/breast-cancer/train.ipynb "ubuntu@$address:spottrainer/"
on 'cd spottrainer && conda/bin/jupyter nbconvert --to notebook --execute --inplace train.ipynb' 2> /dev/null
done_with train

scp "${options[@]}" -P "$port" -q "ubuntu@$address:spottrainer/train.ipynb" "ubuntu@$address:spottrainer/model.joblib" \
    "ubuntu@$address:spottrainer/metrics.json" "$work/"
done_with fetch

on 'kill "$(cat spottrainer/pid)"'
ssh "${options[@]}" -p "$port" -O exit "ubuntu@$address" 2> /dev/null
aws ec2 terminate-instances --instance-ids "$id" > /dev/null
until [ "$(aws ec2 describe-instances --instance-ids "$id" --query 'Reservations[0].Instances[0].State.Name')" = terminated ]; do :; done
done_with remove
